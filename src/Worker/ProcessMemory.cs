using System.Globalization;

namespace Fanfold.Worker;

/// <summary>The peak resident set of a process, as Linux counts it.</summary>
public static class ProcessMemory
{
    /// <summary>VmHWM of a process in bytes; 0 when it is gone or the system has no <c>/proc</c>.</summary>
    public static long Peak(string process = "self")
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{process}/status"))
            {
                if (!line.StartsWith("VmHWM:", StringComparison.Ordinal)) continue;
                return long.Parse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) * 1024;
            }
        }
        catch (IOException)
        {
            // The process ended between two looks.
        }
        return 0;
    }
}
