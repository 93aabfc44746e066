using System.Globalization;
using System.Text;

namespace Fanfold.Workflow.Spec;

/// <summary>A place in a JSON document; the text is made only when it is asked for.</summary>
sealed class JsonPointer
{
    readonly JsonPointer? _parent;
    readonly string? _name;
    readonly int _index;

    JsonPointer(JsonPointer? parent, string? name, int index) => (_parent, _name, _index) = (parent, name, index);

    public static JsonPointer Root { get; } = new(null, null, 0);

    public JsonPointer Field(string name) => new(this, name, 0);

    public JsonPointer Item(int index) => new(this, null, index);

    /// <summary>The pointer by RFC 6901; empty for the whole document.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var step in Steps())
            text.Append('/').Append(step._name?.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)
                ?? step._index.ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }

    /// <summary>The place as messages name it: <c>'source.include[0]'</c>, or <c>the spec</c>.</summary>
    public string ToWords()
    {
        if (_parent is null) return "the spec";
        var text = new StringBuilder();
        foreach (var step in Steps())
        {
            if (step._name is null) text.Append(CultureInfo.InvariantCulture, $"[{step._index}]");
            else text.Append(text.Length == 0 ? "" : ".").Append(Quoted.Clip(step._name));
        }
        return $"'{text}'";
    }

    Stack<JsonPointer> Steps()
    {
        var steps = new Stack<JsonPointer>();
        for (var step = this; step._parent is not null; step = step._parent) steps.Push(step);
        return steps;
    }
}
