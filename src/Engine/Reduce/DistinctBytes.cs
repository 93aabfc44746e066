using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Distinct byte strings, one after the other in one arena.</summary>
sealed class DistinctBytes(StateMemory memory) : DistinctValues(memory)
{
    /// <summary>Bytes that two strings may share before they are compared whole.</summary>
    const int DeepestRadix = 64;

    readonly KeySlots _slots = new(memory);
    readonly uint[] _hashes = new uint[Stretch];
    byte[] _arena = [];
    long[] _ends = [];
    int _count;

    public override int Count => _count;

    public ReadOnlySpan<byte> Bytes(int number)
    {
        var start = number == 0 ? 0 : (int)_ends[number - 1];
        return _arena.AsSpan(start, (int)_ends[number] - start);
    }

    public long Displacement() => _slots.Displacement();

    protected override void AssignAll(Column column, Span<int> numbers)
    {
        var values = (BytesColumn)column;
        for (var from = 0; from < numbers.Length; from += Stretch)
        {
            var rows = Math.Min(Stretch, numbers.Length - from);
            for (var i = 0; i < rows; i++) _hashes[i] = KeyHash.Of(values.Bytes(from + i));
            _slots.Reserve(rows);
            for (var i = 0; i < rows; i++) numbers[from + i] = Find(values.Bytes(from + i), _hashes[i]);
        }
    }

    protected override void AssignSome(Column column, ReadOnlySpan<int> rows, Span<int> numbers)
    {
        var values = (BytesColumn)column;
        for (var i = 0; i < rows.Length; i++) _hashes[i] = KeyHash.Of(values.Bytes(rows[i]));
        _slots.Reserve(rows.Length);
        for (var i = 0; i < rows.Length; i++) numbers[i] = Find(values.Bytes(rows[i]), _hashes[i]);
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
        Memory.Lengthen(ref _arena, start + value.Length);
        Memory.Lengthen(ref _ends, _count + 1L);
        value.CopyTo(_arena.AsSpan((int)start));
        _ends[_count] = start + value.Length;
        return _count++;
    }

    protected override int AppendNull() => Append([]);

    protected override void Write(int number, Column target) => ((BytesColumn)target).Append(Bytes(number));

    protected override void Sort(Span<int> numbers)
    {
        var keys = Memory.New<ulong>(numbers.Length);
        Sort(numbers, keys, 0);
        Memory.Free(keys);
    }

    /// <summary>Sorts strings that share their first <paramref name="depth"/> bytes: by the next eight as a number, then those that share these too.</summary>
    void Sort(Span<int> numbers, Span<ulong> keys, int depth)
    {
        if (depth > DeepestRadix)
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
            if (AllLongerThan(run, depth + 8)) Sort(run, keys[from..to], depth + 8);
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
