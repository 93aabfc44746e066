using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;
using Fanfold.Engine.Json;
using Fanfold.Worker;

namespace Fanfold.Workflow.Http;

/// <summary>Writes rows in one of the formats that are handed out.</summary>
abstract class DownloadWriter : IDisposable
{
    public abstract long Rows { get; }

    /// <summary>Appends the rows <paramref name="from"/> to <paramref name="to"/> − 1 of columns in schema order, of values or codes.</summary>
    public abstract void Append(IReadOnlyList<Column> columns, int from, int to);

    /// <summary>Writes what is left; nothing may be appended after it.</summary>
    public abstract void Complete();

    public abstract void Dispose();
}

sealed class JsonDownload(Schema schema, Stream output) : DownloadWriter
{
    readonly JsonFileWriter _writer = new(schema, output);

    public override long Rows => _writer.Rows;

    public override void Append(IReadOnlyList<Column> columns, int from, int to) => _writer.Write(columns, from, to);

    public override void Complete() => _writer.Complete();

    public override void Dispose() => _writer.Dispose();
}

sealed class CsvDownload(Schema schema, Stream output) : DownloadWriter
{
    readonly CsvFileWriter _writer = new(schema, output);

    public override long Rows => _writer.Rows;

    public override void Append(IReadOnlyList<Column> columns, int from, int to) => _writer.Write(columns, from, to);

    public override void Complete() => _writer.Complete();

    public override void Dispose()
    {
    }
}

sealed class ParquetDownload(Schema schema, Stream output, IReadOnlyDictionary<string, string> metadata, MemoryAccount account) : DownloadWriter
{
    readonly ParquetTable _table = new(schema, output, metadata, RowGroupLimits.Result, account);

    public override long Rows => _table.Rows;

    public override void Append(IReadOnlyList<Column> columns, int from, int to) => _table.Append(columns, from, to);

    public override void Complete() => _table.Complete();

    public override void Dispose() => _table.Dispose();
}
