using System.Globalization;

namespace Fanfold.Worker;

/// <summary>The memory of a process as Linux counts it, in bytes; zeros when it is gone or the system has no <c>/proc</c>.</summary>
/// <param name="Peak">The largest resident set so far: VmHWM.</param>
/// <param name="Data">What is mapped private and writable: VmData.</param>
public readonly record struct ProcessMemory(long Peak, long Resident, long Data)
{
    public static ProcessMemory Read(string process = "self")
    {
        var memory = default(ProcessMemory);
        try
        {
            foreach (var line in File.ReadLines($"/proc/{process}/status"))
            {
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal)) memory = memory with { Peak = Bytes(line) };
                else if (line.StartsWith("VmRSS:", StringComparison.Ordinal)) memory = memory with { Resident = Bytes(line) };
                else if (line.StartsWith("VmData:", StringComparison.Ordinal)) memory = memory with { Data = Bytes(line) };
            }
        }
        catch (IOException)
        {
            // The process ended between two looks.
        }
        return memory;
    }

    static long Bytes(string line) => long.Parse(line.AsSpan(line.IndexOf(':') + 1).TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) * 1024;
}
