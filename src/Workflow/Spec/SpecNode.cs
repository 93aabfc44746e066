using System.Text.Json;

namespace Fanfold.Workflow.Spec;

/// <summary>
/// One value of the document and its place. Reading it as something it is not reports that and gives null, so that the walk
/// goes on and finds all faults.
/// </summary>
readonly record struct SpecNode(JsonElement Value, JsonPointer At, SpecFaults Faults)
{
    public void Refuse(string code, string message) => Faults.Add(code, At, message);

    public string? AsText(string example)
    {
        if (Value.ValueKind == JsonValueKind.String) return Value.GetString();
        WrongType("a string", $"write it like {example}");
        return null;
    }

    public bool? AsBool()
    {
        if (Value.ValueKind is JsonValueKind.True or JsonValueKind.False) return Value.GetBoolean();
        WrongType("true or false", "write it without quotes");
        return null;
    }

    /// <summary>Whole numbers are digits only: JSON's <c>1.0</c> and <c>1e0</c> are refused.</summary>
    public long? AsInteger(long min, long max)
    {
        if (Value.ValueKind != JsonValueKind.Number)
        {
            WrongType("a whole number", "write it without quotes, like 3");
            return null;
        }
        if (Value.TryGetInt64(out var number) && number >= min && number <= max) return number;
        var written = Value.GetRawText();
        if (written.AsSpan().IndexOfAny(".eE") >= 0)
            Refuse(SpecErrorCode.WrongType, $"{At.ToWords()} must be a whole number, not {Quoted.Clip(written)}; write it without fraction and exponent.");
        else
            Refuse(SpecErrorCode.OutOfRange, $"{At.ToWords()} is {Quoted.Clip(written)}; write {(min == max ? min : $"a whole number from {min} to {max}")}.");
        return null;
    }

    public T? AsWord<T>(WordList<T> words) where T : struct, Enum
    {
        if (AsText($"\"{words.Words.First()}\"") is not { } text) return null;
        if (words.Find(text) is { } value) return value;
        var choices = string.Join(", ", words.Words.Select(Quoted.Text));
        Refuse(SpecErrorCode.InvalidValue, $"{At.ToWords()} can't be {Quoted.Text(text)}{Suggestion.For(text, words.Words, ".")} Write one of {choices}.");
        return null;
    }

    public IEnumerable<SpecNode>? AsItems(string example)
    {
        if (Value.ValueKind == JsonValueKind.Array) return Items();
        WrongType("a list", $"write it like {example}");
        return null;
    }

    /// <summary>The members of a map with names of the user's choice, in order; repeated names are reported and left out.</summary>
    public IEnumerable<(string Name, SpecNode Node)>? AsMap(string example)
    {
        if (Value.ValueKind == JsonValueKind.Object) return Members();
        WrongType("an object", $"write it like {example}");
        return null;
    }

    /// <summary>The fields of an object that may hold only <paramref name="fields"/>; others are reported and left out.</summary>
    public SpecObject? AsObject(string[] fields)
    {
        if (Value.ValueKind == JsonValueKind.Object) return new SpecObject(this, fields);
        WrongType("an object", "write it with braces, { … }");
        return null;
    }

    public void WrongType(string wanted, string advice)
    {
        var absence = Value.ValueKind == JsonValueKind.Null ? "leave it out or " : "";
        Refuse(SpecErrorCode.WrongType, $"{At.ToWords()} must be {wanted}, not {KindInWords(Value.ValueKind)}; {absence}{advice}.");
    }

    IEnumerable<SpecNode> Items()
    {
        var index = 0;
        foreach (var item in Value.EnumerateArray())
        {
            if (Faults.IsFull) yield break;
            yield return new SpecNode(item, At.Item(index++), Faults);
        }
    }

    internal IEnumerable<(string Name, SpecNode Node)> Members()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in Value.EnumerateObject())
        {
            if (Faults.IsFull) yield break;
            var node = new SpecNode(member.Value, At.Field(member.Name), Faults);
            if (seen.Add(member.Name)) yield return (member.Name, node);
            else node.Refuse(SpecErrorCode.Duplicate, $"{node.At.ToWords()} stands twice in its object; keep one.");
        }
    }

    static string KindInWords(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
