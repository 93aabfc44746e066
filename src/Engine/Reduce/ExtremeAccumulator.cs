using System.Numerics;
using System.Runtime.CompilerServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// <c>min</c> and <c>max</c>, which over booleans are <c>all</c> and <c>any</c>. NaN is ignored unless all values are NaN; of nothing they are null. A state is
/// a result.
/// </summary>
static class ExtremeAccumulator
{
    public static Accumulator Create(DataType type, bool max, StateMemory memory) => type.Lane switch
    {
        Lane.Bool => new FixedExtremeAccumulator<byte>(type, max, memory),
        Lane.Int32 => new FixedExtremeAccumulator<int>(type, max, memory),
        Lane.Int64 => new FixedExtremeAccumulator<long>(type, max, memory),
        Lane.UInt64 => new FixedExtremeAccumulator<ulong>(type, max, memory),
        Lane.Float => new FixedExtremeAccumulator<float>(type, max, memory),
        Lane.Double => new FixedExtremeAccumulator<double>(type, max, memory),
        Lane.Int128 => new FixedExtremeAccumulator<Int128>(type, max, memory),
        _ => new BytesExtremeAccumulator(type, max, memory),
    };
}

sealed class FixedExtremeAccumulator<T>(DataType type, bool max, StateMemory memory) : Accumulator where T : unmanaged, INumber<T>
{
    // What every value passes, or equals.
    readonly T _least = T.CreateSaturating(max ? double.NegativeInfinity : double.PositiveInfinity);
    T[] _values = [];
    bool[] _present = [];

    public override void Resize(int groups)
    {
        var had = _values.Length;
        memory.Lengthen(ref _values, groups);
        _values.AsSpan(had).Fill(_least);
        memory.Lengthen(ref _present, groups);
    }

    public override void Clear()
    {
        Array.Fill(_values, _least);
        Array.Clear(_present);
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        var values = ((Column<T>)input!).Values[..groups.Length];
        var nullable = input.HasNulls;
        for (var row = 0; row < groups.Length; row++)
        {
            if (nullable && input.IsNull(row)) continue;
            Take(groups[row], values[row]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Take(int group, T value)
    {
        ref var held = ref _values[group];
        if (max ? value < held : value > held) return;
        if (max ? value > held : value < held)
        {
            held = value;
            _present[group] = true;
        }
        else TakeEqual(group, value);
    }

    /// <summary>Takes what is neither less nor greater than the value that is held.</summary>
    void TakeEqual(int group, T value)
    {
        ref var held = ref _values[group];
        // The first to come may be the least there is, or NaN. Of −0 and +0, which are equal, min keeps the negative and max the positive, whichever comes first.
        if (!_present[group] || T.IsNaN(held) || value == held && T.IsNegative(value) != max && T.IsZero(value)) held = value;
        _present[group] = true;
    }

    public override IReadOnlyList<DataType> StateTypes => [type];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state) => Finish(order, state[0]);

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups) => Accumulate(state[0], groups, 0);

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

sealed class BytesExtremeAccumulator(DataType type, bool max, StateMemory memory) : Accumulator
{
    readonly BytesCells _values = new(memory);
    bool[] _present = [];

    public override void Resize(int groups)
    {
        _values.Resize(groups);
        memory.Lengthen(ref _present, groups);
    }

    public override long BytesOf(int group) => sizeof(int) + _values[group].Length;

    public override void Reserve(Column? input) => _values.Reserve(input!);

    public override void ReserveStates(ReadOnlySpan<Column> state) => _values.Reserve(state[0]);

    public override bool TakesCodes => true;

    public override void Clear()
    {
        Array.Clear(_present);
        _values.Clear();
    }

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
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
        if (_present[group])
        {
            var order = value.SequenceCompareTo(_values[group]);
            if (max ? order <= 0 : order >= 0) return;
        }
        _present[group] = true;
        _values.Set(group, value);
    }

    public override IReadOnlyList<DataType> StateTypes => [type];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state) => Finish(order, state[0]);

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups) => Accumulate(state[0], groups, 0);

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var column = (BytesColumn)target;
        foreach (var group in order)
        {
            if (_present[group]) column.Append(_values[group]);
            else column.AppendNull();
        }
    }
}
