namespace Fanfold.Engine;

/// <summary>
/// The memory that the readers of one task may hold together. Charged before memory is asked for; what is held in reserve gives way first. Safe to share
/// between threads.
/// </summary>
public sealed class MemoryAccount(long limit)
{
    long _held;
    Func<bool>? _reserve;

    /// <summary>In bytes.</summary>
    public long Limit => limit;

    /// <summary>Bytes charged and not released.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <exception cref="MemoryExceededException">The limit would be passed; nothing is charged then.</exception>
    public void Charge(long bytes)
    {
        var held = Interlocked.Add(ref _held, bytes);
        while (held > limit && _reserve?.Invoke() == true) held = Held;
        if (held <= limit) return;
        Interlocked.Add(ref _held, -bytes);
        throw new MemoryExceededException($"{bytes:N0} bytes are needed beside the {held - bytes:N0} held, the limit is {limit:N0}");
    }

    /// <summary>Names the reserve: each call releases a part of it; false when nothing is left.</summary>
    internal void ReserveFrom(Func<bool> release) => _reserve = release;

    public void Release(long bytes) => Interlocked.Add(ref _held, -bytes);
}
