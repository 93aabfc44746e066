using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Scan;

/// <summary>Buffers for some rows of a column, in the form that they come in: codes or values.</summary>
sealed class ChosenRows(DataType type, MemoryAccount account)
{
    // Two of each, since what was chosen may be chosen from again.
    readonly DictionaryColumn[] _codes = [new(type, account), new(type, account)];
    readonly Column[] _values = [Column.Create(type, account), Column.Create(type, account)];

    /// <summary>Values collected over several batches, whatever form they came in.</summary>
    public Column Kept { get; } = Column.Create(type, account);

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

    public void Release()
    {
        foreach (var column in _codes) column.Release();
        foreach (var column in _values) column.Release();
        Kept.Release();
    }
}
