namespace Fanfold.Tests;

/// <summary>
/// One Azurite for all tests of an assembly, started by the first that asks: <c>[assembly: AssemblyFixture(typeof(Azurite))]</c>. Tests share it,
/// so each uses containers of its own (<see cref="NewContainer"/>).
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    readonly Lazy<Task<AzuriteServer>> _server = new(() => AzuriteServer.StartAsync());

    /// <summary>As in <c>http://127.0.0.1:PORT/devstoreaccount1</c>.</summary>
    public async Task<Uri> EndpointAsync() => (await _server.Value).Endpoint;

    /// <summary>A container's name that no other test has.</summary>
    public static string NewContainer() => $"test-{Guid.NewGuid():N}";

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) await (await _server.Value).DisposeAsync();
    }
}
