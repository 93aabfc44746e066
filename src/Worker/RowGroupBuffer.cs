using Fanfold.Engine;
using Fanfold.Engine.Columns;

namespace Fanfold.Worker;

/// <summary>
/// Collects rows for a row group, which ends at an exact row: the same rows make the same groups, whatever batches they come in. The columns are charged
/// to the account.
/// </summary>
sealed class RowGroupBuffer
{
    const int MaxRows = 128 * 1024;

    /// <summary>Of values; a group of wider rows has fewer of them, and one row at least. Fixed, since what a result's bytes are must not depend on the memory of its worker.</summary>
    const long MaxBytes = 16 << 20;

    readonly Column[] _columns;
    readonly int _fixedBytes;
    long _bytes;

    public RowGroupBuffer(Schema schema, MemoryAccount account)
    {
        _columns = [.. schema.Fields.Select(field => Column.Create(field.Type, account))];
        _fixedBytes = schema.Fields.Sum(field => WidthOf(field.Type.Lane));
    }

    public IReadOnlyList<Column> Columns => _columns;

    public int Rows => _columns[0].Length;

    /// <summary>Appends the rows <paramref name="from"/> to <paramref name="to"/> − 1 as far as they fit; returns the first that did not. An empty group takes one always.</summary>
    public int Append(ReadOnlySpan<Column> source, int from, int to)
    {
        var end = from;
        for (to = Math.Min(to, from + MaxRows - Rows); end < to; end++)
        {
            long size = _fixedBytes;
            foreach (var column in source) size += LengthOf(column, end);
            if (_bytes + size > MaxBytes && _bytes > 0) break;
            _bytes += size;
        }
        for (var i = 0; i < _columns.Length; i++) _columns[i].AppendRange(source[i], from, end - from);
        return end;
    }

    public void Clear()
    {
        foreach (var column in _columns) column.Clear();
        _bytes = 0;
    }

    static int WidthOf(Lane lane) => lane switch { Lane.Bool => 1, Lane.Int32 or Lane.Float or Lane.Bytes => 4, Lane.Int128 => 16, _ => 8 };

    static int LengthOf(Column column, int row) => column switch
    {
        BytesColumn bytes => bytes.Bytes(row).Length,
        DictionaryColumn { Dictionary: BytesColumn values } coded => coded.IsNull(row) ? 0 : values.Bytes(coded.Codes[row]).Length,
        _ => 0,
    };
}
