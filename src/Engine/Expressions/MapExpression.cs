using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A function of one fixed-width value.</summary>
interface IMap<TIn, TOut>
{
    /// <summary>Whether every value has a result.</summary>
    static abstract bool IsTotal { get; }

    /// <summary>False when the value has no result.</summary>
    bool Apply(TIn value, out TOut result);
}

/// <summary>How a function's result moves with its operand; what lets bounds pass through it.</summary>
enum Monotony : byte { None, Rising, Falling }

/// <summary>A function of one fixed-width value, row by row; null of null.</summary>
/// <param name="failure">What to say of a value without a result; null gives null for it.</param>
sealed class MapExpression<TIn, TOut, TMap>(ValueExpression operand, DataType type, TMap map, string? failure = null, Monotony monotony = Monotony.None) : ValueExpression(type)
    where TIn : unmanaged where TOut : unmanaged where TMap : struct, IMap<TIn, TOut>
{
    internal override Column Evaluate(in RowFrame frame)
    {
        var input = operand.Evaluate(frame);
        var output = (Column<TOut>)frame.Scratch.RentColumn(Type);
        var target = output.AppendSpan(frame.Rows);
        var valid = frame.Scratch.Rent(frame.Rows, tracksKnown: false);
        var words = valid.True;
        var chunks = new ColumnChunks<TIn>(input, stackalloc TIn[ColumnChunks<TIn>.Rows]);
        for (var i = 0; i < words.Length; i++)
        {
            var start = i << 6;
            var values = chunks.Read(start, Math.Min(64, target.Length - start));
            var present = input.HasNulls ? input.Validity[i] : ulong.MaxValue >> (64 - values.Length);
            words[i] = TMap.IsTotal ? Fill(values, target[start..], present) : TryFill(values, target[start..], present, input, start);
        }
        output.Mask(words);
        frame.Scratch.Return(valid);
        frame.Scratch.Return(input);
        return output;
    }

    ulong Fill(ReadOnlySpan<TIn> values, Span<TOut> target, ulong present)
    {
        for (var i = 0; i < values.Length; i++) map.Apply(values[i], out target[i]);
        return present;
    }

    ulong TryFill(ReadOnlySpan<TIn> values, Span<TOut> target, ulong present, Column input, int start)
    {
        var kept = present;
        for (var i = 0; i < values.Length; i++)
        {
            // Null rows hold zero, which need not have a result.
            if (map.Apply(values[i], out target[i]) || (present >> i & 1) == 0) continue;
            if (failure is not null) throw new EvaluationException($"{failure} ({input[start + i]})");
            kept &= ~(1UL << i);
        }
        return kept;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal)
    {
        if (monotony == Monotony.None) return ColumnBounds.Unknown;
        var bounds = operand.Bounds(byOrdinal);
        var (low, high) = (Of(bounds.Min), Of(bounds.Max));
        return monotony == Monotony.Rising ? new(low, high) : new(high, low);
    }

    /// <summary>The result for a bound; null where there is none, which proves nothing.</summary>
    Scalar? Of(Scalar? bound)
    {
        if (bound is not { } known) return null;
        if (!map.Apply(LaneValue.Raw<TIn>(known), out var result)) return null;
        var column = new Column<TOut>(Type);
        column.Append(result);
        return column[0].IsNaN ? null : column[0];
    }

    internal override void CollectColumns(IDictionary<int, DataType> columns) => operand.CollectColumns(columns);
}
