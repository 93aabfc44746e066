using System.Globalization;
using System.Text;

namespace Fanfold.Workflow.Spec;

/// <summary>
/// Writes JSON without white space and with the least escaping that JSON allows (as RFC 8785 does), so that equal content is
/// equal text with every version of the runtime; the encoders of System.Text.Json follow Unicode's tables.
/// </summary>
sealed class JsonText
{
    readonly StringBuilder _text = new();

    public JsonText BeginObject() => Open('{');
    public JsonText EndObject() => Close('}');
    public JsonText BeginArray() => Open('[');
    public JsonText EndArray() => Close(']');

    public JsonText Name(string name)
    {
        String(name);
        _text.Append(':');
        return this;
    }

    public JsonText String(string value)
    {
        Separate();
        _text.Append('"');
        foreach (var character in value)
        {
            switch (character)
            {
                case '"' or '\\': _text.Append('\\').Append(character); break;
                case '\b': _text.Append("\\b"); break;
                case '\t': _text.Append("\\t"); break;
                case '\n': _text.Append("\\n"); break;
                case '\f': _text.Append("\\f"); break;
                case '\r': _text.Append("\\r"); break;
                case < ' ': _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"); break;
                default: _text.Append(character); break;
            }
        }
        _text.Append('"');
        return this;
    }

    /// <param name="json">A number, <c>true</c>, <c>false</c> or <c>null</c>.</param>
    public JsonText Raw(string json)
    {
        Separate();
        _text.Append(json);
        return this;
    }

    public override string ToString() => _text.ToString();

    JsonText Open(char bracket)
    {
        Separate();
        _text.Append(bracket);
        return this;
    }

    JsonText Close(char bracket)
    {
        _text.Append(bracket);
        return this;
    }

    void Separate()
    {
        if (_text.Length > 0 && _text[^1] is not ('{' or '[' or ':')) _text.Append(',');
    }
}
