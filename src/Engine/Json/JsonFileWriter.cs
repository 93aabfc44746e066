using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Json;

/// <summary>
/// Writes a table as JSON (RFC 8259) forward to a stream: an array with an object for each row, one a line. Integers, decimals and floats are numbers with all
/// their digits, whatever a reader makes of them; NaN and the infinities, which JSON has not, are strings. Everything else is spelled as in CSV. A string's
/// bytes that are no UTF-8 become U+FFFD.
/// </summary>
public sealed class JsonFileWriter : IDisposable
{
    const int FlushBytes = 64 * 1024;

    /// <summary>What a value takes at the most for each byte of it: <c>\u0000</c>.</summary>
    const int Expansion = 6;

    readonly Stream _output;
    readonly JsonEncodedText[] _names;
    readonly ArrayBufferWriter<byte> _buffer = new(FlushBytes);
    readonly Utf8JsonWriter _json;

    /// <param name="output">Stays open; only ever written forward.</param>
    public JsonFileWriter(Schema schema, Stream output)
    {
        _output = output;
        // A file is no part of a page, so letters need not be escaped.
        var encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        _names = [.. schema.Fields.Select(field => JsonEncodedText.Encode(field.Name, encoder))];
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = encoder, SkipValidation = true });
    }

    /// <summary>The rows written so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Appends rows; <paramref name="columns"/> are in schema order and of equal length, values or codes.</summary>
    public void Write(IReadOnlyList<Column> columns)
    {
        var rows = columns[0].Length;
        for (var row = 0; row < rows; row++)
        {
            _buffer.Write(Rows == 0 ? "[\n"u8 : ",\n"u8);
            _json.Reset(_buffer);
            _json.WriteStartObject();
            for (var i = 0; i < columns.Count; i++)
            {
                _json.WritePropertyName(_names[i]);
                if (columns[i].IsNull(row)) _json.WriteNullValue();
                else if (columns[i] is DictionaryColumn coded) WriteValue(coded.Dictionary, coded.Codes[row]);
                else WriteValue(columns[i], row);
            }
            _json.WriteEndObject();
            _json.Flush();
            Rows++;
            if (_buffer.WrittenCount >= FlushBytes) Flush();
        }
    }

    /// <summary>Writes what is left; nothing may be written after it.</summary>
    public void Complete()
    {
        _buffer.Write(Rows == 0 ? "[]\n"u8 : "\n]\n"u8);
        Flush();
    }

    void WriteValue(Column column, int row)
    {
        switch (column)
        {
            case BytesColumn bytes when column.Type.Kind == TypeKind.String: WriteText(bytes.Bytes(row)); break;
            case Column<int> ints when column.Type.IsInteger: _json.WriteNumberValue(ints.Values[row]); break;
            case Column<long> longs when column.Type.IsInteger: _json.WriteNumberValue(longs.Values[row]); break;
            case Column<ulong> longs: _json.WriteNumberValue(longs.Values[row]); break;
            case Column<float> floats: WriteFloating(floats.Values[row], float.IsFinite(floats.Values[row])); break;
            case Column<double> doubles: WriteFloating(doubles.Values[row], double.IsFinite(doubles.Values[row])); break;
            case Column<byte> flags: _json.WriteBooleanValue(flags.Values[row] != 0); break;
            case Column<long> longs when column.Type.Kind == TypeKind.Timestamp: _json.WriteStringValue(TemporalText.IsoTimestamp(longs.Values[row], column.Type)); break;
            default:
                if (column.Type.Kind == TypeKind.Decimal) _json.WriteRawValue(column[row].ToString(), skipInputValidation: true);
                else _json.WriteStringValue(column[row].ToString());
                break;
        }
    }

    // The shortest form that reads back as the same number, in the spelling that CSV has.
    void WriteFloating<T>(T value, bool isFinite) where T : IFormattable
    {
        var text = value.ToString(null, CultureInfo.InvariantCulture);
        if (isFinite) _json.WriteRawValue(text, skipInputValidation: true);
        else _json.WriteStringValue(text);
    }

    void WriteText(ReadOnlySpan<byte> text)
    {
        if (text.Length > int.MaxValue / Expansion) throw new MemoryExceededException($"a text of {text.Length:N0} bytes is too long for JSON");
        if (Utf8.IsValid(text)) _json.WriteStringValue(text);
        else _json.WriteStringValue(Encoding.UTF8.GetString(text));
    }

    void Flush()
    {
        _output.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }

    public void Dispose() => _json.Dispose();
}
