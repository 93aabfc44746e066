using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>One byte string a group, replaced at will, in one arena: a longer one moves to its end, and what was left behind is squeezed out when it is the larger part.</summary>
sealed class BytesCells(StateMemory memory)
{
    const int LeastRoom = 16;

    byte[] _arena = [];
    Cell[] _cells = [];
    int _used;
    int _live;

    struct Cell
    {
        public int Start;
        public int Length;
        public int Room;
    }

    public void Resize(int groups) => memory.Lengthen(ref _cells, groups);

    /// <summary>Makes room for all values of a column in plain or coded form, so that <see cref="Set"/> takes no memory.</summary>
    public void Reserve(Column values)
    {
        var bytes = values.BytesOf(0, values.Length) + (long)LeastRoom * values.Length;
        if (_used + bytes <= _arena.Length) return;
        if (_used / 2 > _live) Squeeze();
        memory.Lengthen(ref _arena, _used + bytes);
    }

    /// <summary>Empties all cells and keeps the memory.</summary>
    public void Clear()
    {
        Array.Clear(_cells);
        _used = _live = 0;
    }

    /// <summary>Valid until the next <see cref="Set"/>.</summary>
    public ReadOnlySpan<byte> this[int group] => _arena.AsSpan(_cells[group].Start, _cells[group].Length);

    public void Set(int group, ReadOnlySpan<byte> value)
    {
        if (value.Length > _cells[group].Room) Move(group, value.Length);
        ref var cell = ref _cells[group];
        cell.Length = value.Length;
        value.CopyTo(_arena.AsSpan(cell.Start));
    }

    void Move(int group, int length)
    {
        ref var cell = ref _cells[group];
        _live -= cell.Room;
        cell = default;
        var room = Math.Max(length, LeastRoom);
        if (_used + (long)room > _arena.Length && _used / 2 > _live) Squeeze();
        memory.Lengthen(ref _arena, _used + (long)room);
        cell = new Cell { Start = _used, Room = room };
        _used += room;
        _live += room;
    }

    void Squeeze()
    {
        var squeezed = memory.New<byte>(_arena.Length);
        _used = 0;
        foreach (ref var cell in _cells.AsSpan())
        {
            _arena.AsSpan(cell.Start, cell.Length).CopyTo(squeezed.AsSpan(_used));
            cell.Start = _used;
            _used += cell.Room;
        }
        memory.Free(_arena);
        _arena = squeezed;
    }
}
