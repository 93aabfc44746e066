using Fanfold.Engine;
using Fanfold.Engine.Columns;

namespace Fanfold.Worker;

/// <summary>
/// A file or more for each partition, one after another in one object, and the index of them at its end. A file leaves the partition column out, which readers
/// take from the folder's name, unless the name can't hold the value.
/// </summary>
/// <param name="maxFileRows">A partition of more rows gets several files.</param>
sealed class HiveResult(Schema schema, long maxFileRows, Stream output, IReadOnlyDictionary<string, string> metadata, MemoryAccount account) : ResultWriter
{
    readonly Column _partitions = Column.Create(schema[0].Type, account);
    readonly PackedFiles _files = new(output, account);
    readonly ParquetTable _bare = new(new Schema(schema.Fields.Skip(1)), output, metadata, RowGroupLimits.Result, account);
    ParquetTable? _whole;
    Scalar _value;
    HiveFolder? _folder;
    long _rows;

    public override long Rows => _rows;

    public override void Append(RowBatch batch)
    {
        IReadOnlyList<Column> bare = [.. batch.Columns.Skip(1)];
        _partitions.Clear();
        _partitions.AppendRange(batch.Columns[0], 0, batch.Rows);
        for (var row = 0; row < batch.Rows;)
        {
            if (_folder is null || Table.Rows == maxFileRows || !_value.IsAt(_partitions, row)) BeginFile(_partitions[row]);
            var end = row + 1;
            var room = maxFileRows - Table.Rows;
            while (end < batch.Rows && end - row < room && _value.IsAt(_partitions, end)) end++;
            Table.Append(_folder!.IsExact ? bare : batch.Columns, row, end);
            _rows += end - row;
            row = end;
        }
    }

    public override void Complete()
    {
        EndFile();
        _files.Complete();
    }

    public override void Dispose()
    {
        _partitions.Release();
        _bare.Dispose();
        _whole?.Dispose();
        _files.Dispose();
    }

    ParquetTable Table => _folder!.IsExact ? _bare : _whole ??= new ParquetTable(schema, output, metadata, RowGroupLimits.Result, account);

    void BeginFile(Scalar value)
    {
        EndFile();
        _value = value;
        _folder = HiveFolder.Of(schema[0].Name, value);
        Table.Begin(_files.Begin());
    }

    void EndFile()
    {
        if (_folder is null) return;
        var rows = Table.Rows;
        Table.Complete();
        _files.End(_folder.Name, ScalarText.Write(_value), rows);
    }
}
