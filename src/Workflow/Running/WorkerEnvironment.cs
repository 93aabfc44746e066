namespace Fanfold.Workflow.Running;

/// <summary>
/// What a worker sees of the host's environment: what runtimes, their libraries and the way to the network need. All else stays with the host, since keys,
/// tokens and connection strings go by any name.
/// </summary>
static class WorkerEnvironment
{
    static readonly StringComparer Comparer = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    static readonly HashSet<string> Names = new(Comparer)
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TMP", "TEMP", "LANG", "LANGUAGE", "TZ", "TZDIR", "TERM",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "GLIBC_TUNABLES", "ICU_DATA", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
        "SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "OS", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "ProgramData", "ProgramFiles", "ProgramFiles(x86)",
        "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
    };

    static readonly string[] Prefixes = ["DOTNET_", "CLR_", "MALLOC_", "LC_", "FANFOLD_"];

    /// <summary>Removes what a worker does not see.</summary>
    public static void Restrict(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(name => !IsSeen(name)).ToList()) environment.Remove(name);
    }

    static bool IsSeen(string name) =>
        Names.Contains(name) || Prefixes.Any(prefix => name.StartsWith(prefix, OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal));
}
