using Azure.Storage.Blobs;
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
    const string Request = "requests/{name}.run.json", Success = "%DataContainer%/{folder}/_SUCCESS";

    [Function(nameof(StartByRequest))]
    public Task StartByRequest([BlobTrigger(Request, Connection = AppSettings.StateStorage)] BlobClient blob, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        TellAsync(blob, app.Triggers(client).OnStateAsync(PathOf(blob), cancellationToken));

    [Function(nameof(StartByRequestEvent))]
    public Task StartByRequestEvent([BlobTrigger(Request, Connection = AppSettings.StateStorage, Source = BlobTriggerSource.EventGrid)] BlobClient blob, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        TellAsync(blob, app.Triggers(client).OnStateAsync(PathOf(blob), cancellationToken));

    [Function(nameof(StartBySuccess))]
    public Task StartBySuccess([BlobTrigger(Success, Connection = AppSettings.DataStorage)] BlobClient blob, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        TellAsync(blob, app.Triggers(client).OnDataAsync(PathOf(blob), cancellationToken));

    [Function(nameof(StartBySuccessEvent))]
    public Task StartBySuccessEvent([BlobTrigger(Success, Connection = AppSettings.DataStorage, Source = BlobTriggerSource.EventGrid)] BlobClient blob, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        TellAsync(blob, app.Triggers(client).OnDataAsync(PathOf(blob), cancellationToken));

    static string PathOf(BlobClient blob) => $"{blob.BlobContainerName}/{blob.Name}";

    async Task TellAsync(BlobClient blob, Task<TriggerOutcome> handling)
    {
        switch (await handling)
        {
            case TriggerOutcome.Started { Again: false } started:
                Log.Started(log, started.RunId, PathOf(blob));
                break;
            case TriggerOutcome.Refused refused:
                Log.Refused(log, PathOf(blob), refused.ErrorPath);
                break;
        }
    }
}
