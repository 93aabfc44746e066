namespace Fanfold.Engine;

/// <summary>
/// The memory that the readers of one task may hold together. Charged before memory is asked for; what is held in reserve gives way first. Safe to share
/// between threads.
/// </summary>
/// <param name="limit">What may be held, in bytes.</param>
/// <param name="heap">What is held and what was released but not collected may take together, in bytes; a collection that moves things together keeps to it.</param>
public sealed class MemoryAccount(long limit, long heap = long.MaxValue)
{
    readonly Lock _collecting = new();
    long _held;
    long _allocated;
    Func<bool>? _reserve;
    Func<bool>? _relief;

    /// <summary>In bytes.</summary>
    public long Limit => limit;

    /// <summary>Bytes charged and not released.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>Charges what the task can't do without: where there is no room, the reserve gives way, then the reducer's states.</summary>
    /// <exception cref="MemoryExceededException">The limit would be passed; nothing is charged then.</exception>
    public void Charge(long bytes)
    {
        while (!TryCharge(bytes))
        {
            if (_relief?.Invoke() == true) continue;
            var held = Held;
            throw new MemoryExceededException($"{bytes:N0} bytes are needed beside the {held:N0} held, the limit is {limit:N0}");
        }
    }

    /// <summary>Charges what only makes the task faster: the reserve gives way, and nothing else. False when there is no room.</summary>
    public bool TryCharge(long bytes)
    {
        var held = Interlocked.Add(ref _held, bytes);
        while (held > limit && _reserve?.Invoke() == true) held = Held;
        if (held <= limit)
        {
            if (Interlocked.Add(ref _allocated, bytes) > heap) Collect();
            return true;
        }
        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    /// <summary>Names the reserve: each call releases a part of it; false when nothing is left.</summary>
    internal void ReserveFrom(Func<bool> release) => _reserve = release;

    /// <summary>Names who can make room at a price, such as by spilling: false when that freed nothing.</summary>
    internal void RelieveBy(Func<bool>? spill) => _relief = spill;

    public void Release(long bytes) => Interlocked.Add(ref _held, -bytes);

    // A heap at its hard limit gives up over free memory that lies in pieces, or that it keeps for objects of another size. Only an aggressive collection joins
    // the pieces and gives them back.
    void Collect()
    {
        lock (_collecting)
        {
            if (Interlocked.Read(ref _allocated) <= heap) return;
            Interlocked.Exchange(ref _allocated, Held);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }
}
