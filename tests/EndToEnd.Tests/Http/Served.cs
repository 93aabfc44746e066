using System.Text.RegularExpressions;
using Fanfold.Client;

namespace Fanfold.EndToEnd.Tests.Http;

/// <summary>A <c>fanfold serve</c> on a free port, and a client of it.</summary>
sealed partial class Served : IDisposable
{
    readonly RunningCommand _command;
    readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

    Served(RunningCommand command, Uri endpoint)
    {
        (_command, Endpoint) = (command, endpoint);
        Client = new RunsClient(_http, endpoint);
    }

    public Uri Endpoint { get; }

    public RunsClient Client { get; }

    public HttpClient Http => _http;

    public RunningCommand Command => _command;

    public static async Task<Served> StartAsync(Fanfold fanfold, StoreUnderTest store, params string[] args)
    {
        var command = await fanfold.StartAsync(["serve", "--store", store.Name, "--urls", "http://127.0.0.1:0", "--watch-interval", "1s", .. args]);
        await command.SaysAsync("serving ");
        // The line may come in two.
        while (!command.HasExited && !Address().IsMatch(command.Said)) await Task.Yield();
        if (!Address().IsMatch(command.Said)) throw new InvalidOperationException($"serve has ended: {(await command.EndAsync()).Stderr}");
        return new Served(command, new Uri(Address().Match(command.Said).Groups[1].Value));
    }

    /// <summary>Asks it to stop, and gives how it did.</summary>
    public async Task<Outcome> StopAsync(int signal = RunningCommand.Terminate)
    {
        _command.Signal(signal);
        return await _command.EndAsync();
    }

    public void Dispose()
    {
        _http.Dispose();
        _command.Dispose();
    }

    [GeneratedRegex(@"serving (http://[^/]+)/api/runs;")]
    private static partial Regex Address();
}
