using System.Buffers;
using System.Runtime.CompilerServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Csv;

/// <summary>Reads back what <see cref="CsvFileWriter"/> wrote, value by value the same; it is no reader of CSV that others write.</summary>
/// <param name="input">Stays open; read forward.</param>
/// <param name="account">Charged for the batch and for the longest row's text.</param>
public sealed class CsvFileReader(Schema schema, Stream input, MemoryAccount account) : IDisposable
{
    const int FirstBufferBytes = 64 * 1024;

    /// <summary>A batch ends with the row that passes it, so that wide rows make small batches.</summary>
    const int BatchBytes = 1 << 20;

    static readonly SearchValues<byte> Ends = SearchValues.Create("\"\n"u8);

    readonly Column[] _columns = [.. schema.Fields.Select(field => Column.Create(field.Type, account))];
    byte[] _buffer = [];
    int _start;
    int _end;
    long _line;

    /// <summary>Batches of at most <paramref name="batchRows"/> rows; each is valid until the next is asked for.</summary>
    /// <exception cref="CsvDataException">The file is not what was written.</exception>
    public async IAsyncEnumerable<RowBatch> ReadAsync(int batchRows, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (await NextAsync(cancellationToken) is not { } header) throw new CsvDataException("the file has no header");
        CheckHeader(header.Span);
        while (true)
        {
            foreach (var column in _columns) column.Clear();
            var (rows, bytes) = (0, 0);
            while (rows < batchRows && bytes < BatchBytes && await NextAsync(cancellationToken) is { } row)
            {
                Append(row.Span);
                rows++;
                bytes += row.Length;
            }
            if (rows == 0) yield break;
            yield return new RowBatch(rows, _columns);
        }
    }

    /// <summary>The text of the next row without its line's end, valid until the next call; null behind the last.</summary>
    async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellationToken)
    {
        _line++;
        var (scanned, quoted) = (_start, false);
        while (true)
        {
            while (_buffer.AsSpan(scanned, _end - scanned).IndexOfAny(Ends) is >= 0 and var found)
            {
                var at = scanned + found;
                scanned = at + 1;
                if (_buffer[at] == (byte)'"') quoted = !quoted;
                else if (!quoted)
                {
                    var row = _buffer.AsMemory(_start, at - _start);
                    _start = scanned;
                    return row;
                }
            }
            scanned = _end - _start;
            if (!await FillAsync(cancellationToken)) return _start == _end ? null : throw new CsvDataException($"line {_line} does not end");
        }
    }

    /// <summary>Moves what is left to the front and reads more behind it; false at the end.</summary>
    async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        var left = _end - _start;
        if (left == _buffer.Length)
        {
            var size = Math.Max(FirstBufferBytes, 2L * left);
            account.Charge(size);
            var larger = new byte[size];
            _buffer.AsSpan(_start, left).CopyTo(larger);
            account.Release(_buffer.Length);
            _buffer = larger;
        }
        else _buffer.AsSpan(_start, left).CopyTo(_buffer);
        (_start, _end) = (0, left);
        var read = await input.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        return read > 0;
    }

    void CheckHeader(ReadOnlySpan<byte> header)
    {
        using var expected = new MemoryStream();
        new CsvFileWriter(schema, expected).Complete();
        if (!header.SequenceEqual(expected.GetBuffer().AsSpan(0, (int)expected.Length - 1))) throw new CsvDataException("the header does not name the columns");
    }

    void Append(ReadOnlySpan<byte> row)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            if (row.IsEmpty || row[0] == (byte)',') _columns[i].AppendNull();
            else if (!(row[0] == (byte)'"' ? AppendQuoted(_columns[i], ref row) : AppendPlain(_columns[i], ref row))) throw Wrong(i);
            if (i < _columns.Length - 1 ? row.IsEmpty || row[0] != (byte)',' : !row.IsEmpty) throw Wrong(i);
            if (!row.IsEmpty) row = row[1..];
        }
    }

    static bool AppendPlain(Column column, ref ReadOnlySpan<byte> row)
    {
        var end = row.IndexOf((byte)',');
        var text = end < 0 ? row : row[..end];
        row = row[text.Length..];
        return ValueText.TryAppend(column, text);
    }

    static bool AppendQuoted(Column column, ref ReadOnlySpan<byte> row)
    {
        row = row[1..];
        var text = ArrayPool<byte>.Shared.Rent(row.Length);
        try
        {
            for (var length = 0; row.IndexOf((byte)'"') is >= 0 and var quote;)
            {
                row[..quote].CopyTo(text.AsSpan(length));
                length += quote;
                row = row[(quote + 1)..];
                if (row.IsEmpty || row[0] != (byte)'"') return ValueText.TryAppend(column, text.AsSpan(0, length));
                text[length++] = (byte)'"';
                row = row[1..];
            }
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    CsvDataException Wrong(int column) => new($"line {_line} does not have {schema[column].Type} in the column '{schema[column].Name}'");

    public void Dispose()
    {
        foreach (var column in _columns) column.Release();
        account.Release(_buffer.Length);
        _buffer = [];
    }
}
