using System.Buffers.Binary;
using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary><c>[not] in</c> a list of constants.</summary>
abstract class Membership : TruthExpression
{
    /// <summary>Up to here a list is compared value by value; above, looked up in a set.</summary>
    protected const int FewValues = 6;

    readonly ValueExpression _operand;
    readonly Scalar[] _values;
    readonly bool _hasNull;
    readonly bool _negated;

    protected Membership(ValueExpression operand, Scalar[] values, bool hasNull, bool negated)
    {
        _operand = operand;
        _values = values;
        _hasNull = hasNull;
        _negated = negated;
    }

    /// <summary>The test; the values aren't null, have the operand's type, and lose their duplicates here.</summary>
    /// <param name="hasNull">Whether the list also holds a null, so that absence from it is never certain.</param>
    public static TruthExpression Of(ValueExpression operand, IEnumerable<Scalar> values, bool hasNull)
    {
        Scalar[] distinct = [.. new SortedSet<Scalar>(values, Comparer<Scalar>.Create((left, right) => Scalar.Compare(left, right)))];
        if (!hasNull && distinct.Length == 0) return new TruthUnlessNull(operand, false);
        if (!hasNull && distinct.Length == 1) return ConstantComparison.Of(operand, Relation.Equal, distinct[0]);
        return Of(operand, distinct, hasNull, negated: false);
    }

    static Membership Of(ValueExpression operand, Scalar[] values, bool hasNull, bool negated) => operand.Type.Lane switch
    {
        Lane.Bool => new Membership<byte>(operand, values, hasNull, negated),
        Lane.Int32 => new Membership<int>(operand, values, hasNull, negated),
        Lane.Int64 => new Membership<long>(operand, values, hasNull, negated),
        Lane.UInt64 => new Membership<ulong>(operand, values, hasNull, negated),
        Lane.Float => new Membership<float>(operand, values, hasNull, negated),
        Lane.Double => new Membership<double>(operand, values, hasNull, negated),
        Lane.Int128 => new Membership<Int128>(operand, values, hasNull, negated),
        _ => new BytesMembership(operand, values, hasNull, negated),
    };

    /// <summary>Values of which the column must have one; null when it may have others, or it is no column.</summary>
    public IReadOnlyList<Scalar>? RequiredValues => !_negated && _operand is ColumnReference ? _values : null;

    public sealed override TruthExpression Negate() => Of(_operand, _values, _hasNull, !_negated);

    public sealed override void Evaluate(in RowFrame frame, Truth target)
    {
        var column = _operand.Evaluate(frame);
        Fill(column, target.True);
        target.KnowWhere(column);
        if (_hasNull) target.ForgetFalse();
        if (_negated)
        {
            target.Flip();
            if (_hasNull) target.True.Clear();
            else target.KnowWhere(column);
        }
        frame.Scratch.Return(column);
    }

    public sealed override bool CanBeTrue(ReadOnlySpan<ColumnBounds> byOrdinal)
    {
        var bounds = _operand.Bounds(byOrdinal);
        if (!_negated) return Array.Exists(_values, value => Pruning.CanHold(bounds, Relation.Equal, value));
        return !_hasNull && Array.TrueForAll(_values, value => Pruning.CanHold(bounds, Relation.NotEqual, value));
    }

    internal sealed override void CollectColumns(IDictionary<int, DataType> columns) => _operand.CollectColumns(columns);

    /// <summary>Writes which rows are in the list.</summary>
    protected abstract void Fill(Column column, Span<ulong> bits);
}

sealed class Membership<T> : Membership where T : unmanaged, INumber<T>
{
    readonly T[] _values;
    readonly HashSet<T>? _set;

    public Membership(ValueExpression operand, Scalar[] values, bool hasNull, bool negated) : base(operand, values, hasNull, negated)
    {
        _values = Array.ConvertAll(values, value => LaneValue.Of<T>(value));
        _set = values.Length > FewValues ? [.. _values] : null;
    }

    protected override void Fill(Column column, Span<ulong> bits)
    {
        if (_set is null) WordScan.Fill<T, Few>(column, new(_values), bits);
        else WordScan.Fill<T, Many>(column, new(_set, _values[0], _values[^1]), bits);
    }

    readonly struct Few(T[] constants) : IWordTest<T>
    {
        public ulong Word(ReadOnlySpan<T> values)
        {
            ulong bits = 0;
            foreach (var constant in constants) bits |= OrderTest.Word<T, EqualTest>(values, constant);
            return bits;
        }
    }

    readonly struct Many(HashSet<T> set, T min, T max) : IWordTest<T>
    {
        public ulong Word(ReadOnlySpan<T> values)
        {
            ulong bits = 0;
            for (var i = 0; i < values.Length; i++)
            {
                var value = values[i];
                // Negated, so that NaN goes on to the set.
                if (!(value < min || value > max) && set.Contains(value)) bits |= 1UL << i;
            }
            return bits;
        }
    }
}

sealed class BytesMembership : Membership
{
    readonly byte[][] _values;
    readonly HashSet<byte[]>? _set;

    public BytesMembership(ValueExpression operand, Scalar[] values, bool hasNull, bool negated) : base(operand, values, hasNull, negated)
    {
        _values = Array.ConvertAll(values, value => value.BytesValue.ToArray());
        _set = values.Length > FewValues ? new HashSet<byte[]>(_values, ByteContent.Comparer) : null;
    }

    protected override void Fill(Column column, Span<ulong> bits)
    {
        if (_set is null) WordScan.FillBytes(column, new Few(_values), bits);
        else WordScan.FillBytes(column, new Many(_set.GetAlternateLookup<ReadOnlySpan<byte>>()), bits);
    }

    readonly struct Few(byte[][] constants) : IBytesTest
    {
        public bool Holds(ReadOnlySpan<byte> value)
        {
            foreach (var constant in constants)
            {
                if (value.SequenceEqual(constant)) return true;
            }
            return false;
        }
    }

    readonly struct Many(HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> set) : IBytesTest
    {
        public bool Holds(ReadOnlySpan<byte> value) => set.Contains(value);
    }

    /// <summary>Equality of byte strings by content.</summary>
    sealed class ByteContent : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static ByteContent Comparer { get; } = new();

        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode(byte[] value) => GetHashCode(value.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        // HashCode.AddBytes costs several times as much on the short strings of real columns.
        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            const ulong Odd = 0x9E37_79B9_7F4A_7C15;
            var hash = (ulong)alternate.Length;
            for (; alternate.Length >= sizeof(ulong); alternate = alternate[sizeof(ulong)..])
                hash = BitOperations.RotateLeft((hash ^ BinaryPrimitives.ReadUInt64LittleEndian(alternate)) * Odd, 31);
            ulong tail = 0;
            for (var i = 0; i < alternate.Length; i++) tail |= (ulong)alternate[i] << i * 8;
            hash = (hash ^ tail) * Odd;
            return (int)(hash >> 32);
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
