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

    /// <exception cref="AggregateOverflowException">The sum does not fit the type.</exception>
    public void Check(DataType type, string aggregate)
    {
        var fits = Carries == 0 && type.Lane switch
        {
            Lane.Int128 => Int128.Abs(Sum) < MaxDecimal,
            Lane.UInt64 => Sum >= 0 && Sum <= ulong.MaxValue,
            _ => Sum >= long.MinValue && Sum <= long.MaxValue,
        };
        if (!fits) throw new AggregateOverflowException(aggregate, type);
    }

    /// <exception cref="AggregateOverflowException">The sum does not fit the column.</exception>
    public void AppendTo(Column target, string aggregate)
    {
        Check(target.Type, aggregate);
        switch (target)
        {
            case Column<Int128> decimals: decimals.Append(Sum); break;
            case Column<ulong> unsigned: unsigned.Append((ulong)Sum); break;
            default: ((Column<long>)target).Append((long)Sum); break;
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
