using System.Buffers;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>
/// <c>case</c> and <c>coalesce</c>: each row takes its value from one of several expressions. Each is evaluated over the rows that get to it alone,
/// so that what one branch excludes can't fail in another.
/// </summary>
sealed class ChoiceExpression : ValueExpression
{
    readonly (TruthExpression? When, ValueExpression Then)[] _branches;
    readonly int[][] _ordinals;

    /// <param name="branches">The first whose condition is true gives the value; one without a condition gives it where its own value isn't null. Rows that none gives one are null.</param>
    public ChoiceExpression(DataType type, IReadOnlyList<(TruthExpression? When, ValueExpression Then)> branches) : base(type)
    {
        _branches = [.. branches];
        _ordinals = new int[_branches.Length][];
        // A branch's frame has what it and all after it read.
        var columns = new SortedDictionary<int, DataType>();
        for (var i = _branches.Length - 1; i >= 0; i--)
        {
            _branches[i].When?.CollectColumns(columns);
            _branches[i].Then.CollectColumns(columns);
            _ordinals[i] = [.. columns.Keys];
        }
    }

    internal override Column Evaluate(in RowFrame frame) => Evaluate(frame, 0);

    Column Evaluate(in RowFrame frame, int branch)
    {
        if (branch == _branches.Length)
        {
            var nulls = frame.Scratch.RentColumn(Type);
            nulls.AppendRepeated(Scalar.Null(Type), frame.Rows);
            return nulls;
        }
        return _branches[branch].When is { } when ? EvaluateCase(frame, branch, when) : EvaluateFirst(frame, branch);
    }

    Column EvaluateCase(in RowFrame frame, int branch, TruthExpression when)
    {
        var truth = frame.Scratch.Rent(frame.Rows, tracksKnown: false);
        when.Evaluate(frame, truth);
        var taken = Bitmap.CountSet(truth.True);
        Column result;
        if (taken == frame.Rows) result = _branches[branch].Then.Evaluate(frame);
        else if (taken == 0) result = Evaluate(frame, branch + 1);
        else
        {
            var positions = ArrayPool<int>.Shared.Rent(frame.Rows);
            Bitmap.WritePositions(truth.True, 0, positions);
            var inside = frame.Gather(_ordinals[branch], positions.AsSpan(0, taken));
            var then = _branches[branch].Then.Evaluate(inside);
            result = Merge(frame, branch, truth.True, then);
            frame.Scratch.Return(then);
            inside.Drop();
            ArrayPool<int>.Shared.Return(positions);
        }
        frame.Scratch.Return(truth);
        return result;
    }

    Column EvaluateFirst(in RowFrame frame, int branch)
    {
        var values = _branches[branch].Then.Evaluate(frame);
        if (!values.HasNulls || branch == _branches.Length - 1) return values;
        var truth = frame.Scratch.Rent(frame.Rows, tracksKnown: false);
        values.Validity.CopyTo(truth.True);
        var present = frame.Scratch.RentColumn(Type);
        for (var row = 0; row < frame.Rows; row++)
        {
            if (!values.IsNull(row)) present.AppendFrom(values, row);
        }
        var result = Merge(frame, branch, truth.True, present);
        frame.Scratch.Return(present);
        frame.Scratch.Return(values);
        frame.Scratch.Return(truth);
        return result;
    }

    /// <summary>The rows at the set bits from <paramref name="taken"/>, in order, and the others from the branches that follow.</summary>
    Column Merge(in RowFrame frame, int branch, ReadOnlySpan<ulong> bits, Column taken)
    {
        var rest = ArrayPool<int>.Shared.Rent(frame.Rows);
        var others = 0;
        for (var row = 0; row < frame.Rows; row++)
        {
            if (!Bitmap.Get(bits, row)) rest[others++] = row;
        }
        var outside = frame.Gather(branch + 1 < _branches.Length ? _ordinals[branch + 1] : [], rest.AsSpan(0, others));
        var otherwise = Evaluate(outside, branch + 1);
        var output = frame.Scratch.RentColumn(Type);
        for (int row = 0, from = 0, other = 0; row < frame.Rows; row++)
        {
            if (Bitmap.Get(bits, row)) output.AppendFrom(taken, from++);
            else output.AppendFrom(otherwise, other++);
        }
        frame.Scratch.Return(otherwise);
        outside.Drop();
        ArrayPool<int>.Shared.Return(rest);
        return output;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
        foreach (var (when, then) in _branches)
        {
            when?.CollectColumns(columns);
            then.CollectColumns(columns);
        }
    }
}
