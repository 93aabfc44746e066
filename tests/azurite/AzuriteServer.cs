using System.Diagnostics;
using System.Text;

namespace Fanfold.Tests;

/// <summary>A running Azurite with its blob service. It ends with this process, however that ends.</summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    const string Listening = "successfully listens on ";

    static readonly NpmInstall Install = new("azurite");

    static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(10);

    readonly Process _process;

    AzuriteServer(Process process, Uri endpoint)
    {
        _process = process;
        Endpoint = endpoint;
    }

    /// <summary>As in <c>http://127.0.0.1:PORT/devstoreaccount1</c>.</summary>
    public Uri Endpoint { get; }

    /// <summary>Installs Azurite if that was not done yet, starts it and waits until it answers.</summary>
    /// <param name="location">The folder that keeps its data; null to keep it in memory.</param>
    /// <param name="arguments">More of Azurite's own.</param>
    /// <exception cref="InvalidOperationException">It can't be installed or started; says what to run to see why.</exception>
    public static async Task<AzuriteServer> StartAsync(string? location = null, params string[] arguments)
    {
        await Install.EnsureAsync();
        var process = Install.Start("node", ["serve.cjs", .. location is null ? [] : (string[])["--location", location], .. arguments]);
        var output = new StringBuilder();
        var address = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _ = process.WaitForExitAsync().ContinueWith(_ => address.TrySetException(Install.Failure("does not start", output.ToString())), TaskScheduler.Default);
        return new(process, new Uri(await address.Task + "/devstoreaccount1"));

        void Hear(string? line)
        {
            lock (output) output.AppendLine(line);
            if (line?.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at) address.TrySetResult(line[(at + Listening.Length)..].Trim());
        }
    }

    /// <summary>Ends it as a user would, so that what it keeps in a folder is whole.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeToEnd);
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }
        _process.Dispose();
    }
}
