using System.Buffers.Binary;
using System.Globalization;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>A sum of integers: <paramref name="Sum"/> + <paramref name="Carries"/> × 2^128. Decimals near 38 digits pass 128 bits on the way to a sum that fits, depending on their order.</summary>
readonly record struct IntegerTotal(Int128 Sum, long Carries)
{
    public const int StateBytes = 24;

    static readonly Int128 MaxDecimal = Int128.Parse("1" + new string('0', 38), CultureInfo.InvariantCulture);

    public IntegerTotal Add(Int128 value, long carries = 0)
    {
        var after = unchecked(Sum + value);
        if (Int128.IsNegative((Sum ^ after) & (value ^ after))) carries += Int128.IsNegative(value) ? -1 : 1;
        return new IntegerTotal(after, Carries + carries);
    }

    /// <exception cref="AggregateOverflowException">The sum does not fit the column.</exception>
    public void AppendTo(Column target, string aggregate)
    {
        if (Carries != 0) throw new AggregateOverflowException(aggregate, target.Type);
        switch (target)
        {
            case Column<Int128> decimals when Int128.Abs(Sum) < MaxDecimal: decimals.Append(Sum); break;
            case Column<ulong> unsigned when Sum >= 0 && Sum <= ulong.MaxValue: unsigned.Append((ulong)Sum); break;
            case Column<long> integers when Sum >= long.MinValue && Sum <= long.MaxValue: integers.Append((long)Sum); break;
            default: throw new AggregateOverflowException(aggregate, target.Type);
        }
    }

    /// <summary>The mean of <paramref name="count"/> values of this sum with <paramref name="scale"/> fractional digits; null of none.</summary>
    public void AppendMean(Column<double> target, long count, int scale)
    {
        if (count == 0) target.AppendNull();
        else target.Append(((double)Sum + Math.ScaleB(Carries, 128)) / count / Math.Pow(10, scale));
    }

    public void Save(BytesColumn state)
    {
        var bytes = state.AppendSpan(StateBytes);
        BinaryPrimitives.WriteInt128LittleEndian(bytes, Sum);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Carries);
    }

    public static IntegerTotal Load(ReadOnlySpan<byte> state) => new(BinaryPrimitives.ReadInt128LittleEndian(state), BinaryPrimitives.ReadInt64LittleEndian(state[16..]));
}
