using Fanfold.Engine;

namespace Fanfold.Worker;

/// <summary>How the cap of a worker's resident memory is divided, in bytes. The shares are measured: docs/decisions/0018-a-cap-the-worker-sets-itself.md.</summary>
public static class WorkerMemory
{
    const long MiB = 1 << 20;

    const long LeastUncharged = 10 * MiB;

    /// <summary>The smallest cap that a worker of this kind is sure to keep.</summary>
    /// <param name="native">Compiled ahead of time; else <c>dotnet</c> runs it, and the runtime alone takes about 60 MiB.</param>
    public static long MinCap(bool native) => (native ? 64 : 128) * MiB;

    /// <summary>The hard limit of the garbage-collected heap: the cap without the code, stacks and native memory of the process.</summary>
    public static long HeapLimit(long cap, bool native) => cap - Runtime(native);

    /// <summary>The regions that the heap consists of. Each generation has some that are partly filled: with the default of 4 MiB, that is a third of a small heap.</summary>
    public static long HeapRegion(long cap) => cap > 1024 * MiB ? 4 * MiB : MiB;

    /// <summary>What is allocated between collections of young objects. The default grows with the processor's caches, not with the limit.</summary>
    public static long YoungGeneration(long cap) => Math.Clamp(cap / 64, MiB, 8 * MiB);

    /// <summary>What the account of a task with this cap may hold.</summary>
    public static long AccountLimit(long cap, bool native) => Held(Working(HeapLimit(cap, native)));

    /// <summary>The smallest cap, in whole MiB, whose account may hold as much.</summary>
    public static long CapFor(long held, bool native)
    {
        var working = (held + 6) / 7 * 8;
        var heap = Math.Max((working + 6) / 7 * 8, working + LeastUncharged);
        return Math.Max(MinCap(native), (heap + Runtime(native) + MiB - 1) / MiB * MiB);
    }

    /// <summary>The account of a task with this cap in this process. Under a limited heap it also collects in time; elsewhere it has the limit that it would have in a native worker.</summary>
    public static MemoryAccount Account(long cap)
    {
        var heap = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return heap < cap ? new MemoryAccount(Held(Working(heap)), Working(heap)) : new MemoryAccount(AccountLimit(cap, native: true));
    }

    static long Runtime(bool native) => (native ? 28 : 80) * MiB;

    // The rest is for young garbage and for what does not depend on data and is not charged: the task, its plan of columns and aggregates.
    static long Working(long heap) => Math.Min(heap / 8 * 7, heap - LeastUncharged);

    // The rest is for what was released and not collected; so a collection, which may move all that is held, pays for a seventh of it in new bytes.
    static long Held(long working) => working / 8 * 7;
}
