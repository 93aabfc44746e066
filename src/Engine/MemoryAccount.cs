namespace Fanfold.Engine;

/// <summary>The memory that the readers of one task may hold together. Charged before memory is asked for; safe to share between threads.</summary>
public sealed class MemoryAccount(long limit)
{
    long _held;

    /// <summary>In bytes.</summary>
    public long Limit => limit;

    /// <summary>Bytes charged and not released.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <exception cref="MemoryExceededException">The limit would be passed; nothing is charged then.</exception>
    public void Charge(long bytes)
    {
        var held = Interlocked.Add(ref _held, bytes);
        if (held <= limit) return;
        Interlocked.Add(ref _held, -bytes);
        throw new MemoryExceededException($"{bytes:N0} bytes are needed beside the {held - bytes:N0} held, the limit is {limit:N0}");
    }

    public void Release(long bytes) => Interlocked.Add(ref _held, -bytes);
}
