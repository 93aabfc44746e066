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
    Func<bool>? _idle;
    Func<bool>? _spill;
    Func<long>? _spillable;

    /// <summary>In bytes.</summary>
    public long Limit => limit;

    /// <summary>Bytes charged and not released.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>Whether what can be spilled is so much that it gives way before what would be read again.</summary>
    internal bool SpillsFirst => _spillable?.Invoke() >= limit / 4;

    /// <summary>
    /// Charges what the task can't do without. Where there is no room, the reserve gives way, then the reducer's states if they are large, then what idle readers hold, and states in any case.
    /// </summary>
    /// <exception cref="MemoryExceededException">The limit would be passed; nothing is charged then.</exception>
    public void Charge(long bytes)
    {
        while (!TryCharge(bytes))
        {
            if (SpillsFirst)
            {
                // A reducer that asks for itself is told at once, and spills then.
                if (_spill?.Invoke() == true) continue;
            }
            else if (_idle?.Invoke() == true || _spill?.Invoke() == true) continue;
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

    /// <summary>Names what gives way: each call releases a part of it; false when nothing is left.</summary>
    /// <param name="reserve">What no one uses.</param>
    /// <param name="idle">What would have to be read again.</param>
    internal void ReserveFrom(Func<bool> reserve, Func<bool> idle) => (_reserve, _idle) = (reserve, idle);

    /// <summary>Names who can make room by spilling; null when no one can.</summary>
    /// <param name="spill">False when that freed nothing.</param>
    /// <param name="spillable">The bytes that it would free.</param>
    internal void RelieveBy(Func<bool>? spill, Func<long>? spillable) => (_spill, _spillable) = (spill, spillable);

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
