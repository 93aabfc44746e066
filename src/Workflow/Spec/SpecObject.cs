namespace Fanfold.Workflow.Spec;

/// <summary>An object of the spec whose fields are all known and single.</summary>
sealed class SpecObject
{
    readonly SpecNode _node;
    readonly Dictionary<string, SpecNode> _fields = new(StringComparer.Ordinal);

    public SpecObject(SpecNode node, string[] known)
    {
        _node = node;
        foreach (var (name, field) in node.Members())
        {
            if (known.Contains(name)) _fields.Add(name, field);
            else
                field.Refuse(SpecErrorCode.UnknownField, $"{Quoted.Text(name)} is not a field of {node.At.ToWords()}{Advice(name, known)}");
        }
    }

    /// <summary>Null when the field is absent.</summary>
    public SpecNode? this[string name] => _fields.TryGetValue(name, out var field) ? field : null;

    /// <summary>Reports an absent field.</summary>
    /// <param name="advice">The rest of a sentence that begins with the field, for example <c>name the folder to read</c>.</param>
    public SpecNode? Required(string name, string advice)
    {
        if (this[name] is { } field) return field;
        var at = _node.At.Field(name);
        _node.Faults.Add(SpecErrorCode.MissingField, at, $"{at.ToWords()} is missing: {advice}.");
        return null;
    }

    static string Advice(string name, string[] known)
    {
        foreach (var (parent, fields) in SpecFields.All)
            if (fields.Contains(name)) return parent.Length == 0 ? "; it belongs at the top of the spec." : $"; it belongs in '{parent}'.";
        return Suggestion.For(name, known, $"; its fields are {string.Join(", ", known.Where(field => !field.StartsWith('$')))}.");
    }
}
