using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;
using Fanfold.Engine.Parquet;

namespace Fanfold.Worker;

/// <summary>Writes the rows of a result, in their order, to the object that the run commits.</summary>
abstract class ResultWriter : IDisposable
{
    public abstract long Rows { get; }

    /// <summary>Takes rows of all columns of the result.</summary>
    public abstract void Append(RowBatch batch);

    /// <summary>Writes what is left; nothing may be appended after it.</summary>
    public abstract void Complete();

    public abstract void Dispose();

    public static ResultWriter Create(WorkerTask task, CombineWork work, Spool output, MemoryAccount account)
    {
        var schema = new Schema(work.Columns.Select(column => column.ToField()));
        return work.Format switch
        {
            ResultFormat.Csv => new CsvResult(schema, output, account),
            ResultFormat.Hive => new HiveResult(schema, work.MaxFileRows, output, task.Metadata, account),
            _ => new ParquetResult(schema, output, task.Metadata, account),
        };
    }
}

sealed class ParquetResult(Schema schema, Stream output, IReadOnlyDictionary<string, string> metadata, MemoryAccount account) : ResultWriter
{
    readonly ParquetTable _table = new(schema, output, metadata, account);

    public override long Rows => _table.Rows;

    public override void Append(RowBatch batch) => _table.Append(batch.Columns, 0, batch.Rows);

    public override void Complete() => _table.Complete();

    public override void Dispose() => _table.Dispose();
}

sealed class CsvResult(Schema schema, Stream output, MemoryAccount account) : ResultWriter
{
    readonly CsvFileWriter _writer = new(schema, output);
    readonly RowGroupBuffer _values = new(schema, account);

    public override long Rows => _writer.Rows;

    public override void Append(RowBatch batch)
    {
        for (var row = 0; row < batch.Rows;)
        {
            row = _values.Append([.. batch.Columns], row, batch.Rows);
            _writer.Write(_values.Columns);
            _values.Clear();
        }
    }

    public override void Complete()
    {
        _writer.Complete();
    }

    public override void Dispose()
    {
    }
}

/// <summary>Rows to Parquet files, one after another, in row groups of a sensible size.</summary>
sealed class ParquetTable(Schema schema, Stream output, IReadOnlyDictionary<string, string> metadata, MemoryAccount account) : IDisposable
{
    readonly ParquetFileWriter _writer = new(schema, output, metadata);
    readonly RowGroupBuffer _rows = new(schema, account);

    /// <summary>The rows of the file that were appended.</summary>
    public long Rows => _writer.Rows + _rows.Rows;

    /// <summary>Begins another file.</summary>
    public void Begin(Stream next) => _writer.Begin(next);

    public void Append(IReadOnlyList<Column> columns, int from, int to)
    {
        while ((from = _rows.Append([.. columns], from, to)) < to) EndGroup();
    }

    public void Complete()
    {
        EndGroup();
        _writer.Complete();
    }

    void EndGroup()
    {
        _writer.WriteRowGroup(_rows.Columns);
        _rows.Clear();
    }

    public void Dispose() => _writer.Dispose();
}
