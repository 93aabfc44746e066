using Fanfold.Engine;
using Fanfold.Engine.Columns;

namespace Fanfold.Worker;

/// <summary>Where a row group ends. Fixed, since what the bytes of a part or a result are must not depend on the memory of its worker.</summary>
/// <param name="Rows">The most rows.</param>
/// <param name="Bytes">
/// The most bytes of values, those of byte strings counted twice, since one column may have nearly all of them, and old and new are there while it grows. A group of wider rows has fewer
/// of them, and one row at least.
/// </param>
readonly record struct RowGroupLimits(int Rows, long Bytes)
{
    /// <summary>Readers of results gain by large groups.</summary>
    public static RowGroupLimits Result { get; } = new(128 * 1024, 8 << 20);

    /// <summary>Parts are read once, and a reducer writes them beside its own states.</summary>
    public static RowGroupLimits Part { get; } = new(32 * 1024, 4 << 20);
}

/// <summary>
/// Collects rows for a row group, which ends at an exact row: the same rows make the same groups, whatever batches they come in. The columns are charged
/// to the account.
/// </summary>
sealed class RowGroupBuffer
{
    readonly RowGroupLimits _limits;
    readonly Column[] _columns;
    readonly int _fixedBytes;
    long _bytes;

    public RowGroupBuffer(Schema schema, RowGroupLimits limits, MemoryAccount account)
    {
        _limits = limits;
        _columns = [.. schema.Fields.Select(field => Column.Create(field.Type, account))];
        _fixedBytes = schema.Fields.Sum(field => field.Type.Width);
    }

    public IReadOnlyList<Column> Columns => _columns;

    public int Rows => _columns[0].Length;

    /// <summary>Whether no further row fits.</summary>
    public bool IsFull => Rows == _limits.Rows || _bytes >= _limits.Bytes;

    /// <summary>Appends the rows <paramref name="from"/> to <paramref name="to"/> − 1 as far as they fit; returns the first that did not. An empty group takes one always.</summary>
    public int Append(IReadOnlyList<Column> source, int from, int to)
    {
        var end = from;
        for (to = Math.Min(to, from + _limits.Rows - Rows); end < to; end++)
        {
            long size = _fixedBytes;
            for (var i = 0; i < _columns.Length; i++) size += 2L * LengthOf(source[i], end);
            if (_bytes + size > _limits.Bytes && _bytes > 0) break;
            _bytes += size;
        }
        for (var i = 0; i < _columns.Length; i++) _columns[i].AppendRange(source[i], from, end - from);
        return end;
    }

    public void Clear()
    {
        // What a row that passes the limit alone took would be missing while the next is read.
        var isOver = _bytes > _limits.Bytes;
        foreach (var column in _columns)
        {
            if (isOver) column.Trim();
            else column.Clear();
        }
        _bytes = 0;
    }

    /// <summary>Gives the memory back. The buffer must not be used after it.</summary>
    public void Release()
    {
        foreach (var column in _columns) column.Release();
    }

    static int LengthOf(Column column, int row) => column switch
    {
        BytesColumn bytes => bytes.Bytes(row).Length,
        DictionaryColumn { Dictionary: BytesColumn values } coded => coded.IsNull(row) ? 0 : values.Bytes(coded.Codes[row]).Length,
        _ => 0,
    };
}
