using System.ComponentModel;
using System.Diagnostics;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// Finds out, once and before anything depends on it, whether the native worker beside the host starts: it may have lost its execute bit on the way through a zip file, lie on a file system that
/// can't give it back, be of another build, or have been compiled for another machine. What can be mended is; else the worker runs under <c>dotnet</c>.
/// </summary>
public static class WorkerProbe
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <param name="folder">Holds the worker as it was published.</param>
    /// <param name="version">What the worker has to say that it is.</param>
    /// <param name="fault">Why the native worker is not used though there is one; null when it is, or there is none.</param>
    public static WorkerCommand Find(string folder, string version, out string? fault)
    {
        var native = Path.Combine(folder, OperatingSystem.IsWindows() ? "Worker.exe" : "Worker");
        fault = null;
        if (!File.Exists(native)) return WorkerCommand.Managed(folder);
        try
        {
            if (!OperatingSystem.IsWindows()) native = MakeExecutable(native);
            fault = Probe(native, [], said => said == version, version);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            fault = $"it can't be made executable ({failure.Message.TrimEnd('.')})";
        }
        return fault is null ? new WorkerCommand(native, [], true) : WorkerCommand.Managed(folder);
    }

    /// <summary>Why a worker of the user's own can't be used; null when it can. It may be native or not.</summary>
    public static string? Fault(WorkerCommand worker)
    {
        var version = $"fanfold-worker {WorkerHost.BuildVersion}";
        return Probe(worker.File, worker.Arguments, said => said.StartsWith(version + " ", StringComparison.Ordinal), version);
    }

    /// <summary>The path of an executable worker: this one, or a copy where this one can't be changed.</summary>
    static string MakeExecutable(string native)
    {
        if (OperatingSystem.IsWindows() || File.GetUnixFileMode(native).HasFlag(UnixFileMode.UserExecute)) return native;
        try
        {
            File.SetUnixFileMode(native, Executable);
            return native;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A folder of this process alone: nobody else can have put a worker there.
            var copy = Path.Combine(Directory.CreateTempSubdirectory("fanfold-worker-").FullName, Path.GetFileName(native));
            File.Copy(native, copy);
            File.SetUnixFileMode(copy, Executable);
            return copy;
        }
    }

    static string? Probe(string file, IReadOnlyList<string> arguments, Func<string, bool> isExpected, string version)
    {
        var start = new ProcessStartInfo(file, [.. arguments, "--version"]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        WorkerEnvironment.Restrict(start.Environment);
        try
        {
            using var process = Process.Start(start)!;
            using var patience = new CancellationTokenSource(Patience);
            using var end = patience.Token.Register(() => process.Kill(entireProcessTree: true));
            var errors = process.StandardError.ReadToEndAsync();
            var said = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            if (patience.IsCancellationRequested) return $"it had not answered after {Patience.TotalSeconds:N0} s";
            if (process.ExitCode != 0) return $"it ended with exit code {process.ExitCode}{(errors.Result.Trim() is { Length: > 0 } text ? ": " + text[..Math.Min(text.Length, 500)] : "")}";
            if (isExpected(said)) return null;
            var line = said.Split('\n')[0];
            return $"it is of version '{line[..Math.Min(line.Length, 100)]}', and the host is {version}";
        }
        catch (Win32Exception failure)
        {
            return $"it can't be started ({failure.Message.TrimEnd('.')})";
        }
    }
}
