using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>
/// A condition on the rows of one schema: which row groups may hold such rows, and which rows of a batch they are. It keeps
/// buffers between calls, so an instance serves one thread at a time.
/// </summary>
public sealed class Predicate
{
    readonly TruthExpression _condition;
    readonly TruthExpression _evaluated;
    readonly Scratch _scratch = new();

    internal Predicate(TruthExpression condition)
    {
        _condition = condition;
        _evaluated = DictionaryShortcut.Apply(condition);
        Ordinals = condition.Ordinals;
    }

    /// <summary>The ordinals of the columns that the predicate reads, ascending.</summary>
    public IReadOnlyList<int> Ordinals { get; }

    /// <summary>The rows whose column is the value: null for null, and NaN for NaN.</summary>
    /// <param name="value">Of the column's type.</param>
    public static Predicate Equal(Schema schema, int ordinal, in Scalar value)
    {
        var column = new ColumnReference(ordinal, schema[ordinal]);
        if (value.Type != column.Type) throw new ArgumentException($"Column '{column.Name}' is {column.Type}, the value is {value.Type}.", nameof(value));
        return new Predicate(value.IsNull ? new NullTest(column, negated: false) : ConstantComparison.Of(column, Relation.Equal, value));
    }

    /// <summary>The rows that fulfil both predicates, which are bound to one schema. The result shares no buffers with them.</summary>
    public static Predicate And(Predicate first, Predicate second) => new(Logic.Of(isAnd: true, [first._condition, second._condition]));

    /// <summary>
    /// False only if no row can be true whose values lie within the bounds (by ordinal; missing ones are unknown). Bounds say
    /// nothing about nulls and NaN, and whatever is unknown means true.
    /// </summary>
    public bool CanMatch(ReadOnlySpan<ColumnBounds> boundsByOrdinal) => _condition.CanBeTrue(boundsByOrdinal);

    /// <summary>Writes the positions of the rows that are true, ascending, and returns their number.</summary>
    /// <param name="batch">Columns at their ordinals; those that the predicate doesn't read are not looked at.</param>
    /// <param name="positions">Room for every row of the batch.</param>
    public int Select(RowBatch batch, Span<int> positions)
    {
        if (positions.Length < batch.Rows) throw new ArgumentException($"{batch.Rows} rows need as many positions, not {positions.Length}.", nameof(positions));
        var truth = _scratch.Rent(batch.Rows, tracksKnown: false);
        _evaluated.Evaluate(new RowFrame(batch.Columns, batch.Rows, _scratch), truth);
        var count = WritePositions(truth.True, positions);
        _scratch.Return(truth);
        return count;
    }

    static int WritePositions(ReadOnlySpan<ulong> words, Span<int> positions)
    {
        var count = 0;
        for (var i = 0; i < words.Length; i++)
        {
            var word = words[i];
            if (word == ulong.MaxValue)
            {
                var run = positions.Slice(count, 64);
                for (var j = 0; j < run.Length; j++) run[j] = (i << 6) + j;
                count += 64;
                continue;
            }
            for (; word != 0; word &= word - 1) positions[count++] = (i << 6) + BitOperations.TrailingZeroCount(word);
        }
        return count;
    }
}
