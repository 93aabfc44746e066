using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Scan;

/// <summary>Computes the derived columns of batches, those that are asked for.</summary>
/// <param name="sourceColumns">The number of columns before the first derived one.</param>
sealed class DerivedColumns(IReadOnlyList<ValueExpression> derived, int sourceColumns, Buffers buffers) : IDisposable
{
    // Each has its own, since one's column may be another's operand, which gives its operands back.
    readonly Scratch[] _scratches = [.. derived.Select(_ => new Scratch(buffers))];
    readonly Column?[] _held = new Column?[derived.Count];
    readonly IReadOnlyList<int>[] _operands = [.. derived.Select(value => value.Ordinals)];

    public IReadOnlyList<int> Operands(int ordinal) => _operands[ordinal - sourceColumns];

    /// <summary>The columns, and those of the source and derived that they are computed from, ascending.</summary>
    public IReadOnlyList<int> WithOperands(IEnumerable<int> ordinals)
    {
        var all = new SortedSet<int>();
        var pending = new Stack<int>(ordinals);
        while (pending.TryPop(out var ordinal))
        {
            if (!all.Add(ordinal) || ordinal < sourceColumns) continue;
            foreach (var operand in Operands(ordinal)) pending.Push(operand);
        }
        return [.. all];
    }

    /// <summary>The column for the batch's rows, whose operands are there; valid until it is asked for again.</summary>
    public Column Compute(int ordinal, IReadOnlyList<Column> batch, int rows)
    {
        var index = ordinal - sourceColumns;
        if (_held[index] is { } last) _scratches[index].Return(last);
        return _held[index] = derived[index].Evaluate(new RowFrame(batch, rows, _scratches[index]));
    }

    /// <summary>What a row of a derived column takes in a batch: of text, about what the source's columns do that it is made of.</summary>
    public long BytesOf(int ordinal, Func<int, long> sourceBytes)
    {
        var type = derived[ordinal - sourceColumns].Type;
        return type.Width + (type.Lane == Lane.Bytes ? WithOperands([ordinal]).Where(operand => operand < sourceColumns).Sum(sourceBytes) : 0);
    }

    /// <summary>Takes back what a computation that failed has lent; the columns held are gone.</summary>
    public void Abandon()
    {
        foreach (var scratch in _scratches) scratch.Abandon();
        Array.Clear(_held);
    }

    public void Dispose()
    {
        for (var i = 0; i < _held.Length; i++)
        {
            if (_held[i] is { } last) _scratches[i].Return(last);
            _scratches[i].Release();
        }
    }
}
