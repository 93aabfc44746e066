using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary><c>min</c> and <c>max</c>. NaN is ignored unless all values are NaN; of nothing they are null.</summary>
static class ExtremeAccumulator
{
    public static Accumulator Create(DataType type, bool max) => type.Lane switch
    {
        Lane.Bool => new FixedExtremeAccumulator<byte>(max),
        Lane.Int32 => new FixedExtremeAccumulator<int>(max),
        Lane.Int64 => new FixedExtremeAccumulator<long>(max),
        Lane.UInt64 => new FixedExtremeAccumulator<ulong>(max),
        Lane.Float => new FixedExtremeAccumulator<float>(max),
        Lane.Double => new FixedExtremeAccumulator<double>(max),
        Lane.Int128 => new FixedExtremeAccumulator<Int128>(max),
        _ => new BytesExtremeAccumulator(max),
    };
}

sealed class FixedExtremeAccumulator<T>(bool max) : Accumulator where T : unmanaged, INumber<T>
{
    T[] _values = [];
    bool[] _present = [];

    public override void Resize(int groups)
    {
        Grow(ref _values, groups);
        Grow(ref _present, groups);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups)
    {
        var coded = input as DictionaryColumn;
        var values = ((Column<T>)(coded?.Dictionary ?? input!)).Values;
        var nullable = input!.HasNulls;
        for (var row = 0; row < groups.Length; row++)
        {
            if (nullable && input.IsNull(row)) continue;
            Take(groups[row], values[coded is null ? row : coded.Codes[row]]);
        }
    }

    void Take(int group, T value)
    {
        ref var held = ref _values[group];
        if (!_present[group])
        {
            _present[group] = true;
            held = value;
        }
        else if (max ? value > held : value < held) held = value;
        else if (T.IsNaN(held) && !T.IsNaN(value)) held = value;
        // Of −0 and +0, which are equal, min keeps the negative and max the positive, whichever comes first.
        else if (value == held && T.IsNegative(value) != max && T.IsZero(value)) held = value;
    }

    public override void Merge(Accumulator other, ReadOnlySpan<int> groups)
    {
        var source = (FixedExtremeAccumulator<T>)other;
        for (var i = 0; i < groups.Length; i++)
        {
            if (source._present[i]) Take(groups[i], source._values[i]);
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var column = (Column<T>)target;
        foreach (var group in order)
        {
            if (_present[group]) column.Append(T.IsNaN(_values[group]) ? Canonical : _values[group]);
            else column.AppendNull();
        }
    }

    // NaNs differ in payload by their origin; the result has one.
    static readonly T Canonical = typeof(T) == typeof(double) ? (T)(object)double.NaN : typeof(T) == typeof(float) ? (T)(object)float.NaN : default;
}

sealed class BytesExtremeAccumulator(bool max) : Accumulator
{
    byte[]?[] _values = [];
    int[] _lengths = [];

    public override void Resize(int groups)
    {
        Grow(ref _values, groups);
        Grow(ref _lengths, groups);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups)
    {
        var coded = input as DictionaryColumn;
        var values = (BytesColumn)(coded?.Dictionary ?? input!);
        var nullable = input!.HasNulls;
        for (var row = 0; row < groups.Length; row++)
        {
            if (nullable && input.IsNull(row)) continue;
            Take(groups[row], values.Bytes(coded is null ? row : coded.Codes[row]));
        }
    }

    void Take(int group, ReadOnlySpan<byte> value)
    {
        ref var held = ref _values[group];
        if (held is not null)
        {
            var order = value.SequenceCompareTo(held.AsSpan(0, _lengths[group]));
            if (max ? order <= 0 : order >= 0) return;
        }
        if (held is null || held.Length < value.Length) held = new byte[Math.Max(value.Length, 16)];
        value.CopyTo(held);
        _lengths[group] = value.Length;
    }

    public override void Merge(Accumulator other, ReadOnlySpan<int> groups)
    {
        var source = (BytesExtremeAccumulator)other;
        for (var i = 0; i < groups.Length; i++)
        {
            if (source._values[i] is { } value) Take(groups[i], value.AsSpan(0, source._lengths[i]));
        }
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var column = (BytesColumn)target;
        foreach (var group in order)
        {
            if (_values[group] is { } value) column.Append(value.AsSpan(0, _lengths[group]));
            else column.AppendNull();
        }
    }
}
