using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A function of two fixed-width values of one lane.</summary>
interface IPairMap<TIn, TOut>
{
    /// <summary>Whether every pair has a result.</summary>
    static abstract bool IsTotal { get; }

    /// <summary>False when the pair has no result.</summary>
    bool Apply(TIn left, TIn right, out TOut result);
}

/// <summary>A function of two fixed-width values, row by row; null where one of them is null.</summary>
/// <param name="failure">What to say of a pair without a result; null gives null for it.</param>
/// <param name="monotony">With the left operand, when the right one is constant.</param>
sealed class PairExpression<TIn, TOut, TMap>(ValueExpression left, ValueExpression right, DataType type, TMap map, string? failure = null, Monotony monotony = Monotony.None) : ValueExpression(type)
    where TIn : unmanaged where TOut : unmanaged where TMap : struct, IPairMap<TIn, TOut>
{
    internal override Column Evaluate(in RowFrame frame)
    {
        var (first, second) = (left.Evaluate(frame), right.Evaluate(frame));
        var output = (Column<TOut>)frame.Scratch.RentColumn(Type);
        var target = output.AppendSpan(frame.Rows);
        var valid = frame.Scratch.Rent(frame.Rows, tracksKnown: false);
        var words = valid.True;
        var firstChunks = new ColumnChunks<TIn>(first, stackalloc TIn[ColumnChunks<TIn>.Rows]);
        var secondChunks = new ColumnChunks<TIn>(second, stackalloc TIn[ColumnChunks<TIn>.Rows]);
        for (var i = 0; i < words.Length; i++)
        {
            var start = i << 6;
            var count = Math.Min(64, target.Length - start);
            var lefts = firstChunks.Read(start, count);
            var rights = secondChunks.Read(start, count);
            var present = ulong.MaxValue >> (64 - count);
            if (first.HasNulls) present &= first.Validity[i];
            if (second.HasNulls) present &= second.Validity[i];
            words[i] = Fill(lefts, rights, target.Slice(start, count), present, first, second, start);
        }
        output.Mask(words);
        frame.Scratch.Return(valid);
        frame.Scratch.Return(first);
        frame.Scratch.Return(second);
        return output;
    }

    ulong Fill(ReadOnlySpan<TIn> lefts, ReadOnlySpan<TIn> rights, Span<TOut> target, ulong present, Column first, Column second, int start)
    {
        if (TMap.IsTotal)
        {
            for (var i = 0; i < target.Length; i++) map.Apply(lefts[i], rights[i], out target[i]);
            return present;
        }
        var kept = present;
        for (var i = 0; i < target.Length; i++)
        {
            if (map.Apply(lefts[i], rights[i], out target[i]) || (present >> i & 1) == 0) continue;
            if (failure is not null) throw new EvaluationException($"{failure} ({first[start + i]} and {second[start + i]})");
            kept &= ~(1UL << i);
        }
        return kept;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal)
    {
        if (monotony == Monotony.None || right is not ConstantValue { Value: { IsNull: false } constant }) return ColumnBounds.Unknown;
        var bounds = left.Bounds(byOrdinal);
        var (low, high) = (Of(bounds.Min, constant), Of(bounds.Max, constant));
        return monotony == Monotony.Rising ? new(low, high) : new(high, low);
    }

    Scalar? Of(Scalar? bound, in Scalar constant)
    {
        if (bound is not { } known || !map.Apply(LaneValue.Raw<TIn>(known), LaneValue.Raw<TIn>(constant), out var result)) return null;
        var column = new Column<TOut>(Type);
        column.Append(result);
        return column[0].IsNaN ? null : column[0];
    }

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
        left.CollectColumns(columns);
        right.CollectColumns(columns);
    }
}
