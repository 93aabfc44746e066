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
    readonly PackedFiles _files = new(output);
    readonly ParquetTable _bare = new(new Schema(schema.Fields.Skip(1)), output, metadata, account);
    ParquetTable? _whole;
    Scalar _value;
    HiveFolder? _folder;
    long _rows;

    public override long Rows => _rows;

    public override async ValueTask AppendAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        _partitions.Clear();
        _partitions.AppendRange(batch.Columns[0], 0, batch.Rows);
        for (var row = 0; row < batch.Rows;)
        {
            if (_folder is null || Table.Rows == maxFileRows || !IsOf(_value, _partitions, row)) await BeginFileAsync(_partitions[row], cancellationToken);
            var end = row + 1;
            var room = maxFileRows - Table.Rows;
            while (end < batch.Rows && end - row < room && IsOf(_value, _partitions, end)) end++;
            await Table.AppendAsync(_folder!.IsExact ? [.. batch.Columns.Skip(1)] : batch.Columns, row, end, cancellationToken);
            _rows += end - row;
            row = end;
        }
    }

    public override async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await EndFileAsync(cancellationToken);
        _files.Complete();
    }

    public override void Dispose()
    {
        _bare.Dispose();
        _whole?.Dispose();
        _files.Dispose();
    }

    ParquetTable Table => _folder!.IsExact ? _bare : _whole ??= new ParquetTable(schema, output, metadata, account);

    async ValueTask BeginFileAsync(Scalar value, CancellationToken cancellationToken)
    {
        await EndFileAsync(cancellationToken);
        _value = value;
        _folder = HiveFolder.Of(schema[0].Name, value);
        Table.Begin(_files.Begin());
    }

    async ValueTask EndFileAsync(CancellationToken cancellationToken)
    {
        if (_folder is null) return;
        var rows = Table.Rows;
        await Table.CompleteAsync(cancellationToken);
        _files.End(_folder.Name, ScalarText.Write(_value), rows);
    }

    static bool IsOf(in Scalar value, Column column, int row)
    {
        if (value.IsNull || column.IsNull(row)) return value.IsNull && column.IsNull(row);
        return column is BytesColumn bytes ? bytes.Bytes(row).SequenceEqual(value.BytesValue) : Scalar.Compare(value, column[row]) == 0;
    }
}
