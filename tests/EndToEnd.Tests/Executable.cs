using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

// Signals, process groups and scripts are those of Unix.
[assembly: UnsupportedOSPlatform("windows")]

namespace Fanfold.EndToEnd.Tests;

/// <summary>
/// The command under test: published as users have it, native worker included, once per test run. Without gcc, which publishing needs, it is the one
/// built from source, whose workers are slower. Either way each start of a worker leaves its process id in the file that
/// <c>FANFOLD_WORKER_LOG</c> names, and those starts whose numbers <c>FANFOLD_WORKER_KILLS</c> holds are killed.
/// </summary>
sealed record Executable(string File, IReadOnlyList<string> Prefix, IReadOnlyDictionary<string, string> Environment)
{
    const string LogAndRun = """
        #!/bin/sh
        [ -z "$FANFOLD_WORKER_LOG" ] || echo $$ >> "$FANFOLD_WORKER_LOG"
        [ -z "$FANFOLD_WORKER_KILLS" ] || case " $FANFOLD_WORKER_KILLS " in *" $(wc -l < "$FANFOLD_WORKER_LOG") "*) kill -9 $$;; esac
        exec
        """;

    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "published");

    static readonly Lazy<Task<Executable>> Published = new(PublishAsync);

    public static Executable FromSource { get; } = CreateFromSource();

    public static bool HasGcc { get; } = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => System.IO.File.Exists(Path.Combine(folder, "gcc")));

    public static string DotNet => System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

    public static string Root { get; } = FindRoot();

    /// <summary>Published where gcc is, else from source.</summary>
    public static Task<Executable> GetAsync() => HasGcc ? Published.Value : Task.FromResult(FromSource);

    static async Task<Executable> PublishAsync()
    {
        var target = Path.Combine(Folder, "dist");
        var start = new ProcessStartInfo(DotNet) { WorkingDirectory = Root, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["publish", "src/LocalHost", "-c", "Release", "-r", $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}",
                     "--artifacts-path", Path.Combine(Folder, "artifacts"), "-o", target, "-nologo", "-nodeReuse:false"]) start.ArgumentList.Add(argument);
        using var publish = Process.Start(start)!;
        var output = await Task.WhenAll(publish.StandardOutput.ReadToEndAsync(), publish.StandardError.ReadToEndAsync());
        await publish.WaitForExitAsync();
        if (publish.ExitCode != 0) throw new InvalidOperationException($"`dotnet {string.Join(' ', start.ArgumentList)}` failed:{System.Environment.NewLine}{string.Concat(output)}");
        var worker = Path.Combine(target, "Worker");
        System.IO.File.Move(worker, worker + ".native", overwrite: true);
        WriteScript(worker, "\"$0.native\" \"$@\"\n");
        return new Executable(Path.Combine(target, "fanfold"), [], new Dictionary<string, string>());
    }

    static Executable CreateFromSource()
    {
        var script = Path.Combine(AppContext.BaseDirectory, "dotnet-that-logs");
        WriteScript(script, $"{DotNet} \"$@\"\n");
        return new Executable(DotNet, [Path.Combine(AppContext.BaseDirectory, "fanfold.dll")], new Dictionary<string, string> { ["DOTNET_HOST_PATH"] = script });
    }

    static void WriteScript(string file, string command)
    {
        System.IO.File.WriteAllText(file, $"{LogAndRun} {command}");
        System.IO.File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Functions.sln"))) return folder.FullName;
        throw new InvalidOperationException($"'{AppContext.BaseDirectory}' is not in a clone of the repository");
    }
}
