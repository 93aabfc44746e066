using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;
using Fanfold.Workflow.Triggers;

namespace Fanfold.Workflow.Tests.Triggers;

/// <summary>A data and a state store in memory, and what was to be driven.</summary>
sealed class TriggeredStores : IRunHost
{
    public const string Request = "requests/nightly.run.json", Error = "requests/nightly.error.json", Mark = "requests/nightly.started.json";

    public static readonly string Spec = RunHarness.Spec().ToJson();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public MemoryObjectStore Data { get; } = new();

    public MemoryObjectStore State { get; } = new();

    public ConcurrentQueue<string> Driven { get; } = [];

    public RunTriggers Triggers => new(Data, State, this, TimeProvider.System);

    public ValueTask DriveAsync(string runId, CancellationToken cancellationToken)
    {
        Driven.Enqueue(runId);
        return ValueTask.CompletedTask;
    }

    public Task<TriggerOutcome> RequestAsync() => Triggers.OnStateAsync(Request, Cancellation);

    public Task<TriggerOutcome> LandAsync(string folder) => Triggers.OnDataAsync($"{folder}/_SUCCESS", Cancellation);

    public static Task<ObjectProperties> PutAsync(IObjectStore store, string path, string content) => store.PutAsync(path, Encoding.UTF8.GetBytes(content), PutCondition.None, Cancellation);

    public static async Task<JsonElement?> ReadAsync(IObjectStore store, string path) =>
        await store.ReadAllAsync(path, 1 << 20, Cancellation) is { } json ? JsonDocument.Parse(json).RootElement : null;

    public static async Task<List<string>> PathsAsync(IObjectStore store, string folder = "") => await store.ListAsync(folder, Cancellation).Select(entry => entry.Path).ToListAsync(Cancellation);

    public async Task<List<string>> RunsAsync() => await RunList.IdsAsync(State, null, Cancellation).ToListAsync(Cancellation);
}
