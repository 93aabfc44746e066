using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Distinct byte strings, one after the other in one arena.</summary>
sealed class DistinctBytes(StateMemory memory) : DistinctValues(memory)
{
    /// <summary>Bytes that two strings may share, beyond those that all share, before they are compared whole.</summary>
    const int DeepestRadix = 64;

    /// <summary>More than a processor's second cache holds.</summary>
    const int ManyKeys = 1 << 14;

    readonly KeySlots _slots = new(memory);
    readonly uint[] _hashes = new uint[Stretch];
    readonly int[] _rows = new int[Stretch];
    byte[] _arena = [];
    int[] _ends = [];
    ulong[] _keys = [];
    int _count;

    public override int Count => _count;

    public ReadOnlySpan<byte> Bytes(int number)
    {
        var start = number == 0 ? 0 : _ends[number - 1];
        return _arena.AsSpan(start, _ends[number] - start);
    }

    public override void Reserve(int values, long bytes)
    {
        _slots.Reserve(values);
        Memory.Lengthen(ref _ends, (long)_count + values);
        Memory.Lengthen(ref _arena, (_count == 0 ? 0 : _ends[_count - 1]) + bytes);
    }

    public override long BytesOf(int number) => sizeof(int) + Bytes(number).Length;

    public override void Clear()
    {
        base.Clear();
        _slots.Clear();
        _count = 0;
    }

    protected override long SortBytes => StateMemory.Missing(_keys, _count);

    public long Displacement() => _slots.Displacement();

    protected override void AssignAll(Column column, Span<int> numbers)
    {
        for (var from = 0; from < numbers.Length; from += Stretch)
        {
            var rows = _rows.AsSpan(0, Math.Min(Stretch, numbers.Length - from));
            for (var i = 0; i < rows.Length; i++) rows[i] = from + i;
            AssignSome(column, rows, numbers[from..]);
        }
    }

    protected override void AssignSome(Column column, ReadOnlySpan<int> rows, Span<int> numbers)
    {
        var values = (BytesColumn)column;
        numbers = numbers[..rows.Length];
        for (var i = 0; i < rows.Length; i++) _hashes[i] = KeyHash.Of(values.Bytes(rows[i]));
        _slots.Reserve(rows.Length);
        // With many keys each step misses the caches, so all rows take it before the next one.
        if (_count > ManyKeys) Prefetch(numbers);
        else numbers.Fill(None);
        for (var i = 0; i < rows.Length; i++)
        {
            var value = values.Bytes(rows[i]);
            if (numbers[i] < 0 || !value.SequenceEqual(Bytes(numbers[i]))) numbers[i] = Find(value, _hashes[i]);
        }
    }

    /// <summary>Writes which keys the rows are likely to have, by their hashes, or −1, and asks for the bytes of these keys.</summary>
    unsafe void Prefetch(Span<int> likely)
    {
        var shift = _slots.Shift;
        var hashes = _hashes.AsSpan(0, likely.Length);
        _slots.Prefetch(hashes);
        fixed (ulong* slots = _slots.Slots)
        fixed (int* ends = _ends)
        fixed (byte* arena = _arena)
        {
            var mask = _slots.Slots.Length - 1;
            for (var i = 0; i < hashes.Length; i++)
            {
                var slot = (int)(hashes[i] >> shift);
                while (slots[slot] != 0 && (uint)(slots[slot] >> 32) != hashes[i]) slot = slot + 1 & mask;
                likely[i] = (int)(uint)slots[slot] - 1;
                if (Sse.IsSupported && likely[i] >= 0) Sse.Prefetch0(ends + likely[i]);
            }
            if (!Sse.IsSupported) return;
            foreach (var number in likely)
            {
                if (number > 0) Sse.Prefetch0(arena + ends[number - 1]);
            }
        }
    }

    protected override int Find(Column column, int row)
    {
        var value = ((BytesColumn)column).Bytes(row);
        _slots.Reserve(1);
        return Find(value, KeyHash.Of(value));
    }

    int Find(ReadOnlySpan<byte> value, uint hash)
    {
        var slots = _slots.Slots;
        for (var slot = (int)(hash >> _slots.Shift); ; slot = slot + 1 & slots.Length - 1)
        {
            var entry = slots[slot];
            if ((uint)(entry >> 32) == hash && (int)(uint)entry - 1 is >= 0 and var number && value.SequenceEqual(Bytes(number))) return number;
            if (entry != 0) continue;
            var added = Append(value);
            slots[slot] = KeySlots.Entry(hash, added);
            _slots.Took(1);
            return added;
        }
    }

    int Append(ReadOnlySpan<byte> value)
    {
        var start = _count == 0 ? 0 : _ends[_count - 1];
        Memory.Lengthen(ref _arena, (long)start + value.Length);
        Memory.Lengthen(ref _ends, _count + 1L);
        value.CopyTo(_arena.AsSpan(start));
        _ends[_count] = start + value.Length;
        return _count++;
    }

    protected override int AppendNull() => Append([]);

    protected override void Write(int number, Column target) => ((BytesColumn)target).Append(Bytes(number));

    protected override void Sort(Span<int> numbers)
    {
        Memory.Renew(ref _keys, numbers.Length);
        var shared = CommonPrefix(numbers);
        Sort(numbers, _keys.AsSpan(0, numbers.Length), shared, shared);
    }

    int CommonPrefix(ReadOnlySpan<int> numbers)
    {
        if (numbers.Length == 0) return 0;
        var prefix = Bytes(numbers[0]);
        foreach (var number in numbers) prefix = prefix[..prefix.CommonPrefixLength(Bytes(number))];
        return prefix.Length;
    }

    /// <summary>Sorts strings that share their first <paramref name="depth"/> bytes: by the next eight as a number, then those that share these too.</summary>
    void Sort(Span<int> numbers, Span<ulong> keys, int depth, int shared)
    {
        if (depth - shared > DeepestRadix)
        {
            numbers.Sort((left, right) => Bytes(left).SequenceCompareTo(Bytes(right)));
            return;
        }
        for (var i = 0; i < numbers.Length; i++) keys[i] = Key(Bytes(numbers[i])[depth..]);
        keys.Sort(numbers);
        for (int from = 0, to; from < numbers.Length; from = to)
        {
            for (to = from + 1; to < numbers.Length && keys[to] == keys[from];) to++;
            if (to - from == 1) continue;
            var run = numbers[from..to];
            // Missing bytes count as zeros, so only strings that all go on can be told apart by what follows.
            if (AllLongerThan(run, depth + 8)) Sort(run, keys[from..to], depth + 8, shared);
            else run.Sort((left, right) => Bytes(left).SequenceCompareTo(Bytes(right)));
        }
    }

    bool AllLongerThan(ReadOnlySpan<int> numbers, int length)
    {
        foreach (var number in numbers)
        {
            if (Bytes(number).Length < length) return false;
        }
        return true;
    }

    static ulong Key(ReadOnlySpan<byte> rest)
    {
        if (rest.Length >= 8) return BinaryPrimitives.ReadUInt64BigEndian(rest);
        Span<byte> padded = stackalloc byte[8];
        padded.Clear();
        rest.CopyTo(padded);
        return BinaryPrimitives.ReadUInt64BigEndian(padded);
    }
}
