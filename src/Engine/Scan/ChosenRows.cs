using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Scan;

/// <summary>Buffers for some rows of a column, in the form that they come in: codes or values.</summary>
sealed class ChosenRows(DataType type, Buffers buffers)
{
    // Two of each, since what was chosen may be chosen from again.
    readonly DictionaryColumn[] _codes = [buffers.RentCodes(type), buffers.RentCodes(type)];
    readonly Column[] _values = [buffers.RentColumn(type), buffers.RentColumn(type)];

    /// <summary>Values collected over several batches, whatever form they came in.</summary>
    public Column Kept { get; } = buffers.RentColumn(type);

    /// <summary>The rows of <paramref name="source"/> at <paramref name="rows"/>; valid until the call after the next.</summary>
    public Column Of(Column source, ReadOnlySpan<int> rows)
    {
        Column[] targets = source is DictionaryColumn ? _codes : _values;
        var target = targets[source == targets[0] ? 1 : 0];
        target.Clear();
        if (target is DictionaryColumn codes) codes.Dictionary = ((DictionaryColumn)source).Dictionary;
        target.AppendFrom(source, rows);
        return target;
    }

    /// <summary>Empties all, so that no dictionary of a chunk is held on to.</summary>
    public void Clear()
    {
        foreach (var column in _codes) column.Clear();
        Kept.Clear();
    }

    /// <summary>Empties all and gives their memory back.</summary>
    public void Trim()
    {
        foreach (var column in _codes) column.Trim();
        foreach (var column in _values) column.Trim();
        Kept.Trim();
    }

    public void Release()
    {
        foreach (var column in _codes) buffers.Return(column);
        foreach (var column in _values) buffers.Return(column);
        buffers.Return(Kept);
    }
}
