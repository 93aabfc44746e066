using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;

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

    public static ResultWriter Create(WorkerTask task, CombineWork work, Stream output, MemoryAccount account)
    {
        var schema = new Schema(work.Columns.Select(column => column.ToField()));
        return work.Format switch
        {
            ResultFormat.Csv => new CsvResult(schema, output),
            ResultFormat.Hive => new HiveResult(schema, work.MaxFileRows, output, task.Metadata, account),
            _ => new ParquetResult(schema, output, task.Metadata, account),
        };
    }
}

sealed class ParquetResult(Schema schema, Stream output, IReadOnlyDictionary<string, string> metadata, MemoryAccount account) : ResultWriter
{
    readonly ParquetTable _table = new(schema, output, metadata, RowGroupLimits.Result, account);

    public override long Rows => _table.Rows;

    public override void Append(RowBatch batch) => _table.Append(batch.Columns, 0, batch.Rows);

    public override void Complete() => _table.Complete();

    public override void Dispose() => _table.Dispose();
}

sealed class CsvResult(Schema schema, Stream output) : ResultWriter
{
    readonly CsvFileWriter _writer = new(schema, output);

    public override long Rows => _writer.Rows;

    public override void Append(RowBatch batch) => _writer.Write(batch.Columns);

    public override void Complete() => _writer.Complete();

    public override void Dispose()
    {
    }
}
