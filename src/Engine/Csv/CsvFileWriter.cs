using System.Buffers;
using System.Globalization;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Csv;

/// <summary>
/// Writes a table as CSV (RFC 4180) forward to a stream: UTF-8 without BOM, a header, lines that end in LF. Null is an empty field and the empty string is
/// <c>""</c>; nothing is escaped that RFC 4180 does not escape.
/// </summary>
/// <param name="output">Stays open; only ever written forward.</param>
public sealed class CsvFileWriter(Schema schema, Stream output)
{
    const int FlushBytes = 64 * 1024;

    /// <summary>Longer than any number, date, time or uuid.</summary>
    const int MaxShortField = 128;

    // A comma or a line's end would cut the field, a quote open it, and spaces at its ends are trimmed by some readers.
    static readonly SearchValues<byte> Quoted = SearchValues.Create(",\"\r\n"u8);

    readonly ArrayBufferWriter<byte> _buffer = new(FlushBytes + MaxShortField);
    bool _begun;

    /// <summary>The rows written so far, the header not counted.</summary>
    public long Rows { get; private set; }

    /// <summary>Appends rows; <paramref name="columns"/> are in schema order and of equal length, values or codes.</summary>
    public void Write(IReadOnlyList<Column> columns)
    {
        Begin();
        var rows = columns[0].Length;
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < columns.Count; i++)
            {
                if (i > 0) Byte((byte)',');
                if (columns[i].IsNull(row)) continue;
                if (columns[i] is DictionaryColumn coded) AppendValue(coded.Dictionary, coded.Codes[row]);
                else AppendValue(columns[i], row);
            }
            Byte((byte)'\n');
        }
        Rows += rows;
    }

    /// <summary>Writes what is left; nothing may be written after it.</summary>
    public void Complete()
    {
        Begin();
        Flush();
    }

    void Begin()
    {
        if (_begun) return;
        _begun = true;
        for (var i = 0; i < schema.Count; i++)
        {
            if (i > 0) Byte((byte)',');
            AppendText(System.Text.Encoding.UTF8.GetBytes(schema[i].Name));
        }
        Byte((byte)'\n');
    }

    void AppendValue(Column column, int row)
    {
        switch (column)
        {
            case BytesColumn bytes when column.Type.Kind == TypeKind.String: AppendText(bytes.Bytes(row)); break;
            case BytesColumn bytes when column.Type.Kind == TypeKind.Binary: AppendHex(bytes.Bytes(row)); break;
            case Column<int> ints when column.Type.IsInteger: Append(ints.Values[row]); break;
            case Column<long> longs when column.Type.IsInteger: Append(longs.Values[row]); break;
            case Column<ulong> longs: Append(longs.Values[row]); break;
            case Column<float> floats: Append(floats.Values[row]); break;
            case Column<double> doubles: Append(doubles.Values[row]); break;
            case Column<long> longs when column.Type.Kind == TypeKind.Timestamp: AppendAscii(TemporalText.IsoTimestamp(longs.Values[row], column.Type)); break;
            default: AppendAscii(column[row].ToString()); break;
        }
    }

    // The shortest form that reads back as the same number.
    void Append<T>(T value) where T : IUtf8SpanFormattable
    {
        value.TryFormat(Room(MaxShortField), out var written, default, CultureInfo.InvariantCulture);
        _buffer.Advance(written);
    }

    void AppendAscii(string text)
    {
        var written = System.Text.Encoding.UTF8.GetBytes(text, Room(text.Length));
        _buffer.Advance(written);
    }

    void AppendHex(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) Append("\"\""u8);
        for (; !value.IsEmpty; value = value[Math.Min(value.Length, FlushBytes / 2)..])
        {
            var piece = value[..Math.Min(value.Length, FlushBytes / 2)];
            Convert.TryToHexStringLower(piece, Room(piece.Length * 2), out var written);
            _buffer.Advance(written);
        }
    }

    void AppendText(ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty && text[0] != ' ' && text[^1] != ' ' && !text.ContainsAny(Quoted))
        {
            Append(text);
            return;
        }
        Byte((byte)'"');
        for (int quote; (quote = text.IndexOf((byte)'"')) >= 0; text = text[(quote + 1)..])
        {
            Append(text[..(quote + 1)]);
            Byte((byte)'"');
        }
        Append(text);
        Byte((byte)'"');
    }

    void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FlushBytes)
        {
            bytes.CopyTo(Room(bytes.Length));
            _buffer.Advance(bytes.Length);
            return;
        }
        Flush();
        output.Write(bytes);
    }

    void Byte(byte value)
    {
        Room(1)[0] = value;
        _buffer.Advance(1);
    }

    Span<byte> Room(int bytes)
    {
        if (_buffer.FreeCapacity < bytes) Flush();
        return _buffer.GetSpan(bytes);
    }

    void Flush()
    {
        output.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }
}
