using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Worker;

/// <summary>Rows to Parquet files, one after another, in row groups that end at exact rows.</summary>
/// <param name="output">Stays open; only ever written forward.</param>
/// <param name="account">Charged for the rows of a group, and for what writes them.</param>
sealed class ParquetTable(Schema schema, Stream output, IReadOnlyDictionary<string, string> metadata, RowGroupLimits limits, MemoryAccount account) : IDisposable
{
    readonly ParquetFileWriter _writer = new(schema, output, metadata, account);
    readonly RowGroupBuffer _rows = new(schema, limits, account);

    /// <summary>The rows of the file that were appended.</summary>
    public long Rows => _writer.Rows + _rows.Rows;

    /// <summary>Begins another file.</summary>
    public void Begin(Stream next) => _writer.Begin(next);

    /// <summary>Appends the rows <paramref name="from"/> to <paramref name="to"/> − 1 of columns in schema order, of values or codes; they are copied.</summary>
    public void Append(IReadOnlyList<Column> columns, int from, int to)
    {
        while (from < to)
        {
            var next = _rows.Append(columns, from, to);
            if (next < to || _rows.IsFull) EndGroup();
            from = next;
        }
    }

    /// <summary>Writes what is left and the footer; nothing may be appended after it, but another file begun.</summary>
    public void Complete()
    {
        EndGroup();
        _writer.Complete();
    }

    public void Dispose()
    {
        _writer.Dispose();
        _rows.Release();
    }

    void EndGroup()
    {
        _writer.WriteRowGroup(_rows.Columns);
        _rows.Clear();
    }
}
