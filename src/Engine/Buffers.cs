using Fanfold.Engine.Columns;
using ZstdSharp;

namespace Fanfold.Engine;

/// <summary>
/// Byte buffers, columns and decompressors of one task, handed from chunk to chunk and file to file, so that their memory is touched once. A new one is
/// charged to the account; what is given back stays charged until something else needs the room, and then what idle readers hold is. Safe to share
/// between threads.
/// </summary>
public sealed class Buffers
{
    /// <summary>Sizes are multiples of it, so that chunks of nearly one size share buffers.</summary>
    const int Step = 64 << 10;

    /// <summary>What a zstd context takes beside its input and output, rounded up; whole frames are decompressed without a window.</summary>
    internal const int ZstdBytes = 192 << 10;

    readonly Lock _lock = new();
    readonly List<byte[]> _free = [];
    readonly Stack<Decompressor> _zstd = new();
    readonly Stack<long> _native = new();
    readonly LinkedList<Action> _idle = new();
    readonly Dictionary<(DataType Type, bool Coded), Stack<Column>> _columns = [];

    public Buffers(MemoryAccount account)
    {
        Account = account;
        account.ReserveFrom(() => Locked(DropFree), () => Locked(DropIdle));
    }

    public MemoryAccount Account { get; }

    /// <summary>What a buffer of at least <paramref name="length"/> bytes is charged with.</summary>
    public static long SizeOf(long length) => Math.Min(Array.MaxLength, (length + Step - 1) / Step * Step);

    /// <summary>A buffer of at least <paramref name="length"/> bytes, with any content.</summary>
    /// <exception cref="MemoryExceededException">The account has no room for it.</exception>
    public byte[] Rent(int length)
    {
        lock (_lock)
        {
            if (TakeFitting(length) is { } free) return free;
            var size = SizeOf(length);
            while (Account.Held + size > Account.Limit)
            {
                if (DropFree()) continue;
                if (Account.SpillsFirst || !DropIdle()) break;
                // What an idle reader gives back may be just what is looked for.
                if (TakeFitting(length) is { } given) return given;
            }
            Account.Charge(size);
            return GC.AllocateUninitializedArray<byte>((int)size);
        }
    }

    /// <summary>The same where there is room without taking anything from idle readers; false where there is none.</summary>
    public bool TryRent(int length, out byte[] buffer)
    {
        lock (_lock)
        {
            buffer = TakeFitting(length) ?? [];
            if (buffer.Length > 0 || length == 0) return true;
            var size = SizeOf(length);
            while (Account.Held + size > Account.Limit && DropFree())
            {
            }
            if (Account.Held + size > Account.Limit || !Account.TryCharge(size)) return false;
            buffer = GC.AllocateUninitializedArray<byte>((int)size);
            return true;
        }
    }

    /// <summary>Refuses what has no room even alone, before any of it is asked for.</summary>
    /// <param name="bytes">Of buffers, by <see cref="SizeOf"/>, and columns that must be there together.</param>
    /// <exception cref="MemoryExceededException">They pass the account's limit; it names what an account must hold for them.</exception>
    internal void RequireRoom(long bytes, Func<string> what)
    {
        if (bytes <= Account.Limit) return;
        while (Locked(DropFree) || Locked(DropIdle))
        {
        }
        throw new MemoryExceededException(what(), Account.Held + bytes);
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length == 0) return;
        lock (_lock) _free.Add(buffer);
    }

    /// <summary>An empty column of values.</summary>
    public Column RentColumn(DataType type) => TakeColumn(type, coded: false) ?? Column.Create(type, Account);

    /// <summary>An empty column of codes.</summary>
    public DictionaryColumn RentCodes(DataType type) => (DictionaryColumn?)TakeColumn(type, coded: true) ?? new DictionaryColumn(type, Account);

    public void Return(Column column)
    {
        column.Clear();
        lock (_lock)
        {
            if (!_columns.TryGetValue((column.Type, column is DictionaryColumn), out var free)) _columns.Add((column.Type, column is DictionaryColumn), free = new());
            free.Push(column);
        }
    }

    Column? TakeColumn(DataType type, bool coded)
    {
        lock (_lock) return _columns.TryGetValue((type, coded), out var free) && free.TryPop(out var column) ? column : null;
    }

    /// <summary>A zstd context for one page at a time.</summary>
    internal Decompressor RentZstd()
    {
        lock (_lock)
        {
            if (_zstd.TryPop(out var free)) return free;
            Account.Charge(ZstdBytes);
            return new Decompressor();
        }
    }

    internal void Return(Decompressor zstd)
    {
        lock (_lock) _zstd.Push(zstd);
    }

    /// <summary>Charges what native code takes while it works, and returns what is charged for it. As with buffers, that stays charged until the room is needed.</summary>
    internal long RentNative(long bytes)
    {
        lock (_lock)
        {
            var held = _native.TryPop(out var free) ? free : 0;
            if (held >= bytes) return held;
            Account.Release(held);
            Account.Charge(bytes);
            return bytes;
        }
    }

    internal void ReturnNative(long charged)
    {
        lock (_lock) _native.Push(charged);
    }

    /// <summary>Says that a reader is idle: until <see cref="Withdraw"/>, its buffers may be asked back by calling <paramref name="drop"/>, once.</summary>
    /// <remarks>Columns are read in turns, so the reader that was idle last is needed last and gives way first.</remarks>
    internal void Offer(LinkedListNode<Action> drop)
    {
        lock (_lock) _idle.AddLast(drop);
    }

    internal void Withdraw(LinkedListNode<Action> drop)
    {
        lock (_lock)
        {
            if (drop.List is not null) _idle.Remove(drop);
        }
    }

    bool Locked(Func<bool> drop)
    {
        lock (_lock) return drop();
    }

    bool DropFree()
    {
        if (_free.Count > 0)
        {
            Account.Release(Take(_free.Count - 1).Length);
            return true;
        }
        if (_native.TryPop(out var charged))
        {
            Account.Release(charged);
            return true;
        }
        foreach (var free in _columns.Values)
        {
            if (!free.TryPop(out var column)) continue;
            column.Release();
            return true;
        }
        return false;
    }

    bool DropIdle()
    {
        if (_idle.Last is not { } last) return false;
        _idle.Remove(last);
        last.Value();
        return true;
    }

    /// <summary>A free buffer of at least the length; one that is much too large is left for whoever needs it.</summary>
    byte[]? TakeFitting(int length)
    {
        var best = -1;
        for (var i = 0; i < _free.Count; i++)
        {
            if (_free[i].Length >= length && (best < 0 || _free[i].Length < _free[best].Length)) best = i;
        }
        return best >= 0 && _free[best].Length / 4 <= Math.Max(length, Step) ? Take(best) : null;
    }

    byte[] Take(int index)
    {
        var buffer = _free[index];
        _free.RemoveAt(index);
        return buffer;
    }
}
