using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Fanfold.Engine.Reduce;

/// <summary>How many rows each group has: counted once a batch, for all aggregates that need it, and not at all when none does.</summary>
sealed class RowCounts(StateMemory memory)
{
    const int Stretch = 256;

    /// <summary>More than a processor's first cache holds.</summary>
    const int ManyGroups = 1 << 12;

    long[] _counts = [];

    public bool IsNeeded { get; set; }

    public long this[int group] => _counts[group];

    public void Resize(int groups)
    {
        if (IsNeeded) memory.Lengthen(ref _counts, groups);
    }

    public void Clear() => Array.Clear(_counts);

    /// <summary>Counts a row for each of these groups.</summary>
    public void Add(ReadOnlySpan<int> groups)
    {
        if (!IsNeeded) return;
        // Groups are below the size that Resize was told, so their bounds need no check for each row.
        ref var counts = ref MemoryMarshal.GetArrayDataReference(_counts);
        for (ReadOnlySpan<int> stretch; groups.Length > 0; groups = groups[stretch.Length..])
        {
            stretch = groups[..Math.Min(Stretch, groups.Length)];
            Prefetch(stretch);
            foreach (var group in stretch) Unsafe.Add(ref counts, group)++;
        }
    }

    // Each count of many misses the caches, so all are asked for before the first is needed.
    unsafe void Prefetch(ReadOnlySpan<int> groups)
    {
        if (!Sse.IsSupported || _counts.Length <= ManyGroups) return;
        fixed (long* counts = _counts)
        {
            foreach (var group in groups) Sse.Prefetch0(counts + group);
        }
    }

    /// <summary>Counts <paramref name="rows"/> of the only group.</summary>
    public void AddAll(int rows)
    {
        if (IsNeeded) _counts[0] += rows;
    }
}
