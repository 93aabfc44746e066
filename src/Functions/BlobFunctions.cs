using Azure.Storage.Blobs;
using Fanfold.Storage;
using Fanfold.Workflow.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Fanfold.Functions;

/// <summary>
/// Runs that blobs ask for. Each of the two kinds has a function that polls its container, for storage on this machine and plans with fixed instances, and a twin that Event Grid tells, which is all that
/// Flex Consumption has; settings disable the one that is not wanted. Both may be told of the same blob: what starts is decided by its version. A blob that is refused is no failure, so it is not tried again.
/// </summary>
public sealed class BlobFunctions(App app, ILogger<BlobFunctions> log)
{
    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(32);

    const string Request = "requests/{name}.run.json", Success = "%DataContainer%/{folder}/_SUCCESS";

    [Function(nameof(StartByRequest))]
    public Task StartByRequest([BlobTrigger(Request, Connection = AppSettings.StateStorage)] BlobClient blob, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        TellAsync(blob, app.Triggers(client).OnStateAsync, cancellationToken);

    [Function(nameof(StartByRequestEvent))]
    public Task StartByRequestEvent([BlobTrigger(Request, Connection = AppSettings.StateStorage, Source = BlobTriggerSource.EventGrid)] BlobClient blob, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        TellAsync(blob, app.Triggers(client).OnStateAsync, cancellationToken);

    [Function(nameof(StartBySuccess))]
    public Task StartBySuccess([BlobTrigger(Success, Connection = AppSettings.DataStorage)] BlobClient blob, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        TellAsync(blob, app.Triggers(client).OnDataAsync, cancellationToken);

    [Function(nameof(StartBySuccessEvent))]
    public Task StartBySuccessEvent([BlobTrigger(Success, Connection = AppSettings.DataStorage, Source = BlobTriggerSource.EventGrid)] BlobClient blob, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        TellAsync(blob, app.Triggers(client).OnDataAsync, cancellationToken);

    static string PathOf(BlobClient blob) => $"{blob.BlobContainerName}/{blob.Name}";

    async Task TellAsync(BlobClient blob, Func<string, CancellationToken, Task<TriggerOutcome>> handle, CancellationToken cancellationToken)
    {
        switch (await TryAsync(() => handle(PathOf(blob), cancellationToken), cancellationToken))
        {
            case TriggerOutcome.Started { Again: false } started:
                Log.Started(log, started.RunId, PathOf(blob));
                break;
            case TriggerOutcome.Refused refused:
                Log.Refused(log, PathOf(blob), refused.ErrorPath);
                break;
        }
    }

    /// <summary>The host tries five times at once, and then sets the blob aside; a store that is throttled, or a role that is new, takes longer.</summary>
    async Task<TriggerOutcome> TryAsync(Func<Task<TriggerOutcome>> handle, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause *= 2)
        {
            try
            {
                return await handle();
            }
            catch (StorageException failure) when (failure.Failure != StorageFailure.InvalidPath && pause <= LongestPause)
            {
                await Task.Delay(pause, app.Time, cancellationToken);
            }
        }
    }
}
