using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fanfold.Benchmarks;

/// <summary>The command as users have it.</summary>
sealed record Published(string File)
{
    /// <summary>The native worker beside it.</summary>
    public string Worker => Path.Combine(Path.GetDirectoryName(File)!, "Worker");

    /// <summary>The one that <c>FANFOLD_COMMAND</c> names; otherwise publishes it beside the benchmarks' own output, which takes a minute the first time.</summary>
    public static async Task<Published> CreateAsync()
    {
        if (Environment.GetEnvironmentVariable("FANFOLD_COMMAND") is { Length: > 0 } given) return new Published(given);
        var folder = Path.Combine(AppContext.BaseDirectory, "published");
        var start = new ProcessStartInfo(DotNet)
        {
            WorkingDirectory = Root(), RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in (string[])["publish", "src/LocalHost", "-c", "Release", "-r", $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}",
                     "--artifacts-path", Path.Combine(folder, "artifacts"), "-o", Path.Combine(folder, "dist"), "-nologo", "-nodeReuse:false"]) start.ArgumentList.Add(argument);
        using var publish = Process.Start(start)!;
        var output = await Task.WhenAll(publish.StandardOutput.ReadToEndAsync(), publish.StandardError.ReadToEndAsync());
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0 ? new Published(Path.Combine(folder, "dist", "fanfold")) : throw new InvalidOperationException($"publishing failed:{Environment.NewLine}{string.Concat(output)}");
    }

    public static string DotNet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

    public static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Functions.sln"))) return folder.FullName;
        throw new InvalidOperationException($"'{AppContext.BaseDirectory}' is not in a clone of the repository");
    }
}
