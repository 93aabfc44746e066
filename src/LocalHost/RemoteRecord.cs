using Fanfold.Client;
using Fanfold.Workflow.Running;
using RunError = Fanfold.Workflow.Running.RunError;
using RunProgress = Fanfold.Workflow.Running.RunProgress;
using RunStatus = Fanfold.Workflow.Running.RunStatus;
using RunSummary = Fanfold.Workflow.Running.RunSummary;

namespace Fanfold.LocalHost;

/// <summary>What a host says of a run, as this machine would have it on record: both are shown in the same way.</summary>
static class RemoteRecord
{
    public static RunRecord Of(Run run) => new()
    {
        Version = run.Version, RunId = run.RunId, SpecHash = run.SpecHash, Status = Status(run.Status), StartedAt = run.StartedAt, EndedAt = run.EndedAt, Redrive = run.Redrive,
        HeartbeatAt = run.HeartbeatAt, Stalled = run.Stalled, Progress = Progress(run), Summary = run.Summary is { } summary ? Summary(summary) : null, StartedBy = Enum.TryParse<RunOrigin>(run.StartedBy, ignoreCase: true, out var origin) ? origin : null,
    };

    public static RunProgress? Progress(Run run) => run.Progress is { } now ? new(now.Phase, now.TasksTotal, now.TasksDone, now.TasksFailed, now.BytesRead, now.RowsDecoded) : null;

    static RunSummary Summary(Fanfold.Client.RunSummary summary) => new(
        summary.RunId, Status(summary.Status), new(summary.Partitions.Total, summary.Partitions.Succeeded, summary.Partitions.Empty, summary.Partitions.Failed),
        new(summary.Tasks.Total, summary.Tasks.Succeeded, summary.Tasks.Failed, summary.Tasks.Reused), new(summary.RowGroups.Total, summary.RowGroups.Matched, summary.RowGroups.Pruned),
        summary.RowsIn, summary.RowsOut, summary.BytesRead, summary.BytesPruned, summary.Requests, summary.PeakWorkerMemory, summary.ForecastWorkerMemory, summary.ElapsedMs, summary.Strategy,
        summary.Output, summary.Manifest, summary.Errors?.Select(Error).ToList())
    {
        Cost = summary.Cost is { } cost ? new(cost.Tasks, cost.Reused, cost.BytesFetched, cost.Requests, cost.CpuSeconds, cost.PeakMemory, cost.Dollars, cost.PricesOf) : null,
    };

    /// <summary>Why a host refused, each reason with a code that says how this command ends.</summary>
    public static IReadOnlyList<RunError> Errors(RunsApiException refused) => refused switch
    {
        { Errors.Count: > 0 } => [.. refused.Errors.Select(Error)],
        { Status: System.Net.HttpStatusCode.Unauthorized or System.Net.HttpStatusCode.Forbidden } => [new("access-denied", $"{refused.Message} Is FANFOLD_KEY set to a key of this host?")],
        { Code: "http-502" or "http-503" or "http-504" or "http-429" } => [new(Unreachable, refused.Message)],
        // What to ask the API is nothing to type here.
        { Hint: { } hint } when hint.Contains("/api/", StringComparison.Ordinal) => [new(refused.Code, refused.Code == "run-not-found" ? $"{refused.Detail} Check the id and --endpoint." : refused.Detail)],
        _ => [new(refused.Code, refused.TraceId is { } trace && (int)refused.Status >= 500 ? $"{refused.Message} (trace {trace})" : refused.Message)],
    };

    public const string Unreachable = "endpoint-unreachable";

    static RunError Error(Fanfold.Client.RunError error) => new(error.Code, error.Message, error.Partition, error.File, error.Pointer);

    static RunStatus Status(Fanfold.Client.RunStatus status) => Enum.Parse<RunStatus>(status.ToString());
}
