using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>A partition as combining a shared scan found it.</summary>
/// <param name="RowsSelected">Its rows for which <c>where</c> holds.</param>
/// <param name="RowsOut">Its rows in the result.</param>
public readonly record struct FoundPartition(Scalar Value, long RowsSelected, long RowsOut);

/// <summary>The partitions that a shared scan found rows of, ascending, null last: a Parquet file of value, rows selected and rows out.</summary>
/// <param name="type">Of the partition column.</param>
sealed class PartitionTable(DataType type, Stream output, IReadOnlyDictionary<string, string> metadata, MemoryAccount account) : IDisposable
{
    const int BatchRows = 8192;

    readonly Column[] _columns = [.. SchemaOf(type).Fields.Select(field => Column.Create(field.Type, account))];
    readonly ParquetTable _table = new(SchemaOf(type), output, metadata, RowGroupLimits.Part, account);
    FoundPartition? _open;

    public long Rows => _table.Rows;

    public long RowsSelected { get; private set; }

    /// <summary>Goes on with the partition of a row, which is the one before or one after it; returns whether it is another.</summary>
    public bool Begin(Column partitions, int row)
    {
        if (_open is { } open && open.Value.IsAt(partitions, row)) return false;
        End();
        _open = new FoundPartition(partitions[row], 0, 0);
        return true;
    }

    /// <summary>Counts rows of the partition that was begun.</summary>
    public void Count(long selected, long written)
    {
        RowsSelected += selected;
        _open = _open!.Value with { RowsSelected = _open.Value.RowsSelected + selected, RowsOut = _open.Value.RowsOut + written };
    }

    public void Complete()
    {
        End();
        Flush();
        _table.Complete();
    }

    public void Dispose()
    {
        foreach (var column in _columns) column.Release();
        _table.Dispose();
    }

    void End()
    {
        if (_open is not { } ended) return;
        _columns[0].Append(ended.Value);
        ((Column<long>)_columns[1]).Append(ended.RowsSelected);
        ((Column<long>)_columns[2]).Append(ended.RowsOut);
        _open = null;
        if (_columns[0].Length == BatchRows) Flush();
    }

    void Flush()
    {
        _table.Append(_columns, 0, _columns[0].Length);
        foreach (var column in _columns) column.Clear();
    }

    static Schema SchemaOf(DataType type) => new([new Field("partition", type), new Field("selected", DataType.Int64), new Field("out", DataType.Int64)]);

    /// <exception cref="StorageException">The table does not have the bytes that its receipt names.</exception>
    public static async Task<List<FoundPartition>> ReadAsync(PartReference table, DataType type, IObjectStore state, MemoryAccount account, CancellationToken cancellationToken)
    {
        var found = new List<FoundPartition>();
        await PartReader.ReadAsync(table, state, SchemaOf(type), new Traffic(), new Buffers(account), batch =>
        {
            for (var row = 0; row < batch.Rows; row++) found.Add(new FoundPartition(batch.Columns[0][row], (long)batch.Columns[1][row].IntegerValue, (long)batch.Columns[2][row].IntegerValue));
        }, cancellationToken);
        return found;
    }
}

/// <summary>Reads what <see cref="CombinedStates.PartitionsOutput"/> names.</summary>
public static class FoundPartitions
{
    const long Memory = 1L << 30;

    /// <exception cref="StorageException">The object does not have the bytes that its receipt names.</exception>
    public static Task<List<FoundPartition>> ReadAsync(PartReference table, DataType type, IObjectStore state, CancellationToken cancellationToken) =>
        PartitionTable.ReadAsync(table, type, state, new MemoryAccount(Memory), cancellationToken);

    /// <summary>Whether a row of a column has the value: null has null.</summary>
    internal static bool IsAt(this in Scalar value, Column column, int row)
    {
        if (value.IsNull || column.IsNull(row)) return value.IsNull && column.IsNull(row);
        return column is BytesColumn bytes ? bytes.Bytes(row).SequenceEqual(value.BytesValue) : Scalar.Compare(value, column[row]) == 0;
    }
}
