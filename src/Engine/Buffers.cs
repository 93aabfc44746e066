using Fanfold.Engine.Columns;

namespace Fanfold.Engine;

/// <summary>
/// Byte buffers and columns of one task, handed from chunk to chunk and file to file, so that their memory is touched once. A new one is charged to the
/// account; what is given back stays charged until something else needs the room. Safe to share between threads.
/// </summary>
public sealed class Buffers
{
    /// <summary>Sizes are multiples of it, so that chunks of nearly one size share buffers.</summary>
    const int Step = 64 << 10;

    readonly Lock _lock = new();
    readonly List<byte[]> _free = [];
    readonly Dictionary<(DataType Type, bool Coded), Stack<Column>> _columns = [];

    public Buffers(MemoryAccount account)
    {
        Account = account;
        account.ReserveFrom(DropOne);
    }

    public MemoryAccount Account { get; }

    /// <summary>A buffer of at least <paramref name="length"/> bytes, with any content.</summary>
    /// <exception cref="MemoryExceededException">The account has no room for it.</exception>
    public byte[] Rent(int length)
    {
        lock (_lock)
        {
            var best = -1;
            for (var i = 0; i < _free.Count; i++)
            {
                if (_free[i].Length >= length && (best < 0 || _free[i].Length < _free[best].Length)) best = i;
            }
            // A buffer much too large is left for whoever needs it.
            if (best >= 0 && _free[best].Length / 4 <= Math.Max(length, Step)) return Take(best);
            var size = (int)Math.Min(Array.MaxLength, (length + (long)Step - 1) / Step * Step);
            Account.Charge(size);
            return GC.AllocateUninitializedArray<byte>(size);
        }
    }

    /// <summary>The same where there is room; false where there is none.</summary>
    public bool TryRent(int length, out byte[] buffer)
    {
        try
        {
            buffer = Rent(length);
            return true;
        }
        catch (MemoryExceededException)
        {
            buffer = [];
            return false;
        }
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

    bool DropOne()
    {
        lock (_lock)
        {
            if (_free.Count > 0)
            {
                Account.Release(Take(_free.Count - 1).Length);
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
    }

    byte[] Take(int index)
    {
        var buffer = _free[index];
        _free.RemoveAt(index);
        return buffer;
    }
}
