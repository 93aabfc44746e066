using Azure.Identity;
using Fanfold.Client;
using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.EndToEnd.Tests.Http;

public enum ApiKind { ServeDirectory, ServeAzurite, Endpoint }

/// <summary>
/// The API that the scenarios speak to, and the store of its data. When <c>FANFOLD_ENDPOINT</c> is set, that is the API, and <c>FANFOLD_ENDPOINT_STORE</c> names its store as <c>--store</c>
/// does; the key of a Functions app is read from <c>FANFOLD_KEY</c>. Otherwise the tests start <c>fanfold serve</c>, once for each kind of store. Tests share it, so each has names of its own.
/// </summary>
public sealed class ApiUnderTest : IAsyncDisposable
{
    static readonly string? External = Environment.GetEnvironmentVariable("FANFOLD_ENDPOINT") is { Length: > 0 } endpoint ? endpoint : null;

    readonly Fanfold? _fanfold;
    readonly StoreUnderTest? _store;
    readonly Served? _served;
    readonly HttpClient? _http;

    ApiUnderTest(Fanfold fanfold, StoreUnderTest store, Served served)
    {
        (_fanfold, _store, _served) = (fanfold, store, served);
        (Client, Http, Endpoint, Objects) = (served.Client, served.Http, served.Endpoint, store.Objects);
    }

    ApiUnderTest(Uri endpoint, string store)
    {
        var key = Environment.GetEnvironmentVariable("FANFOLD_KEY");
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
        if (key is not null) _http.DefaultRequestHeaders.Add("x-functions-key", key);
        (Client, Http, Endpoint) = (new RunsClient(_http, endpoint), _http, endpoint);
        Objects = new StoreLocation(store).Open(store.StartsWith("https:", StringComparison.Ordinal) ? new DefaultAzureCredential() : null);
    }

    public RunsClient Client { get; }

    public HttpClient Http { get; }

    public Uri Endpoint { get; }

    public IObjectStore Objects { get; }

    public static IEnumerable<ApiKind> Kinds => External is null ? [ApiKind.ServeDirectory, ApiKind.ServeAzurite] : [ApiKind.Endpoint];

    public static async Task<ApiUnderTest> StartAsync(ApiKind kind, params string[] serveArgs)
    {
        if (kind == ApiKind.Endpoint)
            return new ApiUnderTest(new Uri(External!), Environment.GetEnvironmentVariable("FANFOLD_ENDPOINT_STORE") ?? throw new InvalidOperationException("FANFOLD_ENDPOINT_STORE must name the store of FANFOLD_ENDPOINT"));
        var fanfold = new Fanfold();
        var store = await StoreUnderTest.CreateAsync(kind == ApiKind.ServeAzurite ? StoreKind.Azurite : StoreKind.Directory, fanfold);
        return new ApiUnderTest(fanfold, store, await Served.StartAsync(fanfold, store, serveArgs));
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        _served?.Dispose();
        if (_store is not null) await _store.DisposeAsync();
        _fanfold?.Dispose();
    }
}

/// <summary>One API of each kind for all tests of a class, started by the first that asks.</summary>
public sealed class ApisUnderTest : IAsyncDisposable
{
    readonly Dictionary<ApiKind, Task<ApiUnderTest>> _started = [];

    public Task<ApiUnderTest> GetAsync(ApiKind kind) => _started.TryGetValue(kind, out var api) ? api : _started[kind] = ApiUnderTest.StartAsync(kind);

    public async ValueTask DisposeAsync()
    {
        foreach (var api in _started.Values) await (await api).DisposeAsync();
    }
}
