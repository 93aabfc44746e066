using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Decimals of unequal scales, or times of unequal units: no common unit is sure to fit, so the finer is divided.</summary>
sealed class ScaledComparison(ValueExpression left, Relation relation, ValueExpression right) : PairComparison(left, relation, right)
{
    readonly Int128 _leftUnits = LaneValue.UnitsPerOne(left.Type);
    readonly Int128 _rightUnits = LaneValue.UnitsPerOne(right.Type);

    protected override void Fill(Column left, Column right, Truth target)
    {
        var leftIsFiner = _leftUnits > _rightUnits;
        var (fine, coarse) = leftIsFiner ? (left, right) : (right, left);
        var relation = leftIsFiner ? Relation : Relation.Mirror();
        var ratio = leftIsFiner ? _leftUnits / _rightUnits : _rightUnits / _leftUnits;
        var fineChunks = new WidenedChunks<Int128>(fine, stackalloc Int128[ColumnChunks<Int128>.Rows]);
        var coarseChunks = new WidenedChunks<Int128>(coarse, stackalloc Int128[ColumnChunks<Int128>.Rows]);
        var bits = target.True;
        for (var i = 0; i < bits.Length; i++)
        {
            var start = i << 6;
            var count = Math.Min(64, fine.Length - start);
            var fineValues = fineChunks.Read(start, count);
            var coarseValues = coarseChunks.Read(start, count);
            ulong word = 0;
            for (var j = 0; j < count; j++)
            {
                var (quotient, remainder) = LaneValue.DivideDown(fineValues[j], ratio);
                var order = quotient.CompareTo(coarseValues[j]);
                if (relation.Holds(order != 0 || remainder == 0 ? order : 1)) word |= 1UL << j;
            }
            bits[i] = word;
        }
    }
}

/// <summary>A floating value and an integer or decimal, neither of which holds all values of the other.</summary>
sealed class FloatingExactComparison(ValueExpression left, Relation relation, ValueExpression right) : PairComparison(left, relation, right)
{
    readonly bool _leftIsFloating = left.Type.IsFloating;
    readonly Int128 _units = LaneValue.UnitsPerOne(left.Type.IsFloating ? right.Type : left.Type);

    protected override void Fill(Column left, Column right, Truth target)
    {
        var (floating, exact) = _leftIsFloating ? (left, right) : (right, left);
        var relation = _leftIsFloating ? Relation : Relation.Mirror();
        var floatingChunks = new WidenedChunks<double>(floating, stackalloc double[ColumnChunks<double>.Rows]);
        var exactChunks = new WidenedChunks<Int128>(exact, stackalloc Int128[ColumnChunks<Int128>.Rows]);
        var bits = target.True;
        for (var i = 0; i < bits.Length; i++)
        {
            var start = i << 6;
            var count = Math.Min(64, left.Length - start);
            var floatingValues = floatingChunks.Read(start, count);
            var exactValues = exactChunks.Read(start, count);
            ulong word = 0;
            for (var j = 0; j < count; j++)
            {
                if (relation.Holds(Compare(floatingValues[j], exactValues[j], _units))) word |= 1UL << j;
            }
            bits[i] = word;
        }
    }

    /// <summary>The order of <paramref name="floating"/> and <paramref name="unscaled"/> / <paramref name="units"/>.</summary>
    public static int Compare(double floating, Int128 unscaled, Int128 units)
    {
        // Integers up to 2⁵³ are doubles.
        if (units == 1 && unscaled <= 1L << 53 && unscaled >= -1L << 53) return Scalar.CompareFloating(floating, (long)unscaled);
        if (double.IsNaN(floating)) return 1;
        var sign = Math.Sign(floating);
        if (sign != Int128.Sign(unscaled)) return sign.CompareTo(Int128.Sign(unscaled));
        // Magnitudes, since the fraction above a negative number's floor may have no double.
        var magnitude = Math.Abs(floating);
        if (magnitude >= Math.ScaleB(1, 128)) return sign;
        var (whole, remainder) = UInt128.DivRem((UInt128)(sign < 0 ? -unscaled : unscaled), (UInt128)units);
        var floor = Math.Floor(magnitude);
        var order = ((UInt128)floor).CompareTo(whole);
        return sign * (order != 0 ? order : CompareFractions(magnitude - floor, remainder, (UInt128)units));
    }

    /// <summary>The order of a double in [0, 1) and a proper fraction, bit by bit of their binary expansions.</summary>
    static int CompareFractions(double fraction, UInt128 numerator, UInt128 denominator)
    {
        // Doubling a double below 1 and taking off its whole part are exact, and twice 10³⁸ fits the numerator.
        while (fraction > 0 && numerator > 0)
        {
            fraction *= 2;
            numerator *= 2;
            var bit = fraction >= 1;
            var otherBit = numerator >= denominator;
            if (bit != otherBit) return bit ? 1 : -1;
            if (bit) fraction -= 1;
            if (otherBit) numerator -= denominator;
        }
        return (fraction > 0).CompareTo(numerator > 0);
    }
}
