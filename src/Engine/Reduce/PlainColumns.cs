using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>The columns of one batch with codes looked up, each at most once.</summary>
sealed class PlainColumns(StateMemory memory)
{
    Column?[] _decoded = [];
    bool[] _isFilled = [];
    RowBatch? _batch;

    public void Start(RowBatch batch)
    {
        _batch = batch;
        if (_decoded.Length < batch.Columns.Count)
        {
            Array.Resize(ref _decoded, batch.Columns.Count);
            Array.Resize(ref _isFilled, batch.Columns.Count);
        }
        Array.Clear(_isFilled);
    }

    public Column this[int ordinal]
    {
        get
        {
            if (_batch!.Columns[ordinal] is not DictionaryColumn coded) return _batch.Columns[ordinal];
            var decoded = _decoded[ordinal] ??= memory.NewColumn(coded.Type);
            if (_isFilled[ordinal]) return decoded;
            _isFilled[ordinal] = true;
            decoded.Clear();
            decoded.AppendRange(coded, 0, coded.Length);
            return decoded;
        }
    }
}
