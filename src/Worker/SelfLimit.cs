using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Fanfold.Worker;

/// <summary>The limits that a worker sets to its own memory, before it knows its task. On systems other than Linux the heap's limit and the parent's watch remain.</summary>
public static partial class SelfLimit
{
    const string CapVariable = "FANFOLD_WORKER_MEMORY", HeapVariable = "DOTNET_GCHeapHardLimit";

    /// <summary>Of a thread. Linux' default of 8 MiB would count as a whole against the limit of data; this is the default of Windows and of musl.</summary>
    const long StackSize = 1 << 20;

    const int Data = 2;

    /// <summary>Code that is not paged in or not compiled yet.</summary>
    static long CodeToCome => (RuntimeFeature.IsDynamicCodeSupported ? 16 : 8) << 20;

    /// <summary>What a worker with this cap, in bytes, is started with. Without it a worker has no cap.</summary>
    public static IReadOnlyDictionary<string, string> EnvironmentOf(long cap, bool native) => new Dictionary<string, string>
    {
        [CapVariable] = cap.ToString(CultureInfo.InvariantCulture),
        [HeapVariable] = Hexadecimal(WorkerMemory.HeapLimit(cap, native)),
        ["DOTNET_GCRegionSize"] = Hexadecimal(WorkerMemory.HeapRegion(cap)),
        ["DOTNET_GCgen0size"] = Hexadecimal(WorkerMemory.YoungGeneration(cap)),
        ["DOTNET_Thread_DefaultStackSize"] = Hexadecimal(StackSize),
    };

    // Without 0x: with the prefix a native worker ignores a limit without a word.
    static string Hexadecimal(long bytes) => bytes.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>Null when the limits hold, or none is asked for; else why not.</summary>
    public static TaskFailure? Set()
    {
        if (Environment.GetEnvironmentVariable(CapVariable) is not { } text) return null;
        var heap = Environment.GetEnvironmentVariable(HeapVariable);
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var cap) || !long.TryParse(heap, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var wanted) || wanted != limit)
            return TaskFailure.Of("memory-limit-ignored", $"the worker was started with {CapVariable}={text} and {HeapVariable}={heap}, and its heap may take {limit:N0} bytes; a host and a worker of one build agree");
        return OperatingSystem.IsLinux() ? LimitData(cap) : null;
    }

    // RLIMIT_DATA counts what is mapped private and writable, touched or not. What is there already stays as it is; what is added may be touched as a whole.
    [SupportedOSPlatform("linux")]
    static TaskFailure? LimitData(long cap)
    {
        var now = ProcessMemory.Read();
        var most = (ulong)Math.Max(0, now.Data + cap - now.Resident - CodeToCome);
        var limit = new ResourceLimit { Soft = most, Hard = most };
        return setrlimit(Data, limit) == 0 ? null : TaskFailure.Of("memory-limit-ignored", $"the worker can't limit its memory to {cap:N0} bytes: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    struct ResourceLimit
    {
        public ulong Soft, Hard;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, in ResourceLimit limit);
}
