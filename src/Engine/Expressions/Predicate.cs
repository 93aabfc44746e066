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
    readonly Scratch _scratch;

    internal Predicate(TruthExpression condition, Buffers? buffers = null)
    {
        _condition = condition;
        _scratch = new Scratch(buffers);
        _evaluated = DictionaryShortcut.Apply(condition);
        Ordinals = condition.Ordinals;
    }

    /// <summary>The ordinals of the columns that the predicate reads, ascending.</summary>
    public IReadOnlyList<int> Ordinals { get; }

    /// <summary>The same predicate, with what it computes on the way in columns from <paramref name="buffers"/>.</summary>
    public Predicate In(Buffers buffers) => new(_condition, buffers);

    /// <summary>The rows whose column is the value: null for null, and NaN for NaN.</summary>
    /// <param name="value">Of the column's type.</param>
    public static Predicate Equal(Schema schema, int ordinal, in Scalar value)
    {
        var column = Column(schema, ordinal, value);
        return new Predicate(value.IsNull ? new NullTest(column, negated: false) : ConstantComparison.Of(column, Relation.Equal, value));
    }

    /// <summary>The rows whose column is at least <paramref name="from"/> and less than <paramref name="to"/>: nulls and NaN never are.</summary>
    /// <param name="to">Null for a range without end.</param>
    public static Predicate Range(Schema schema, int ordinal, in Scalar from, in Scalar? to)
    {
        var column = Column(schema, ordinal, from);
        var least = ConstantComparison.Of(column, Relation.GreaterOrEqual, from);
        if (to is { } end) return new Predicate(Logic.Of(isAnd: true, [least, ConstantComparison.Of(column, Relation.Less, end)]));
        var nan = Scalar.Floating(from.Type, double.NaN);
        return new Predicate(from.Type.IsFloating ? Logic.Of(isAnd: true, [least, ConstantComparison.Of(column, Relation.Less, nan)]) : least);
    }

    /// <summary>The rows whose column is one of the values, as <see cref="Equal"/> has it.</summary>
    public static Predicate AnyOf(Schema schema, int ordinal, IReadOnlyList<Scalar> values)
    {
        var column = new ColumnReference(ordinal, schema[ordinal]);
        var parts = new List<TruthExpression> { Membership.Of(column, values.Where(value => !value.IsNull && !value.IsNaN), hasNull: false) };
        foreach (var value in values)
        {
            if (value.IsNull) parts.Add(new NullTest(column, negated: false));
            else if (value.IsNaN) parts.Add(ConstantComparison.Of(column, Relation.Equal, value));
        }
        return new Predicate(Logic.Of(isAnd: false, parts));
    }

    /// <summary>The rows for which the expression is not null.</summary>
    public static Predicate IsPresent(ValueExpression value) => new(new NullTest(value, negated: true));

    static ColumnReference Column(Schema schema, int ordinal, in Scalar value)
    {
        var column = new ColumnReference(ordinal, schema[ordinal]);
        return value.Type == column.Type ? column : throw new ArgumentException($"Column '{column.Name}' is {column.Type}, the value is {value.Type}.", nameof(value));
    }

    /// <summary>The rows that fulfil both predicates, which are bound to one schema. The result shares no buffers with them.</summary>
    public static Predicate And(Predicate first, Predicate second) => new(Logic.Of(isAnd: true, [first._condition, second._condition]));

    /// <summary>
    /// False only if no row can be true whose values lie within the bounds (by ordinal; missing ones are unknown). Bounds say
    /// nothing about nulls and NaN, and whatever is unknown means true.
    /// </summary>
    public bool CanMatch(ReadOnlySpan<ColumnBounds> boundsByOrdinal) => _condition.CanBeTrue(boundsByOrdinal);

    /// <summary>False only if no row can be true whose column <paramref name="ordinal"/> is null or one of the dictionary's values.</summary>
    public bool CanMatch(int ordinal, Column dictionary)
    {
        foreach (var part in Conjuncts())
        {
            if (part is DictionaryShortcut single && single.Ordinal == ordinal && !single.CanBeTrueOf(dictionary, _scratch)) return false;
        }
        return true;
    }

    /// <summary>False only if the predicate can't be true of a row whose column <paramref name="ordinal"/> is the one of <paramref name="row"/>, null or not.</summary>
    public bool CanMatchRow(int ordinal, Column row)
    {
        foreach (var part in Conjuncts())
        {
            if (part is DictionaryShortcut single && single.Ordinal == ordinal && !single.IsTrueOfAny(row, _scratch)) return false;
        }
        return true;
    }

    /// <summary>Values of which the column must have one for the predicate to be true; null when it may have others.</summary>
    public IReadOnlyList<Scalar>? RequiredValues(int ordinal)
    {
        foreach (var part in Conjuncts())
        {
            if (part is DictionaryShortcut single && single.Ordinal == ordinal && single.RequiredValues() is { } values) return values;
        }
        return null;
    }

    /// <summary>Takes back what an evaluation that failed has lent.</summary>
    internal void Abandon() => _scratch.Abandon();

    /// <summary>Gives the memory that is kept between calls back.</summary>
    internal void Release() => _scratch.Release();

    /// <summary>Parts that must all be true.</summary>
    IEnumerable<TruthExpression> Conjuncts() => _evaluated is Logic { IsAnd: true } all ? all.Operands : [_evaluated];

    /// <summary>Writes the positions of the rows that are true plus <paramref name="offset"/>, ascending, and returns their number.</summary>
    /// <param name="batch">Columns at their ordinals; those that the predicate doesn't read are not looked at.</param>
    /// <param name="positions">Room for every row of the batch.</param>
    public int Select(RowBatch batch, Span<int> positions, int offset = 0)
    {
        if (positions.Length < batch.Rows) throw new ArgumentException($"{batch.Rows} rows need as many positions, not {positions.Length}.", nameof(positions));
        var truth = _scratch.Rent(batch.Rows, tracksKnown: false);
        _evaluated.Evaluate(new RowFrame(batch.Columns, batch.Rows, _scratch), truth);
        var count = Bitmap.WritePositions(truth.True, offset, positions);
        _scratch.Return(truth);
        return count;
    }
}
