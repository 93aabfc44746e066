using System.Diagnostics;
using System.Diagnostics.Metrics;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>
/// Spans and metrics of runs and requests, for whatever listens to the source and the meter named <see cref="Name"/>. A drive of a run is a span <c>run</c>; its activities are
/// <c>plan</c>, <c>task</c>, <c>merge</c>, <c>combine</c> and <c>commit</c>; below them each worker is a span <c>worker</c>, whose process carries the trace on to its store. A request that <c>fanfold serve</c> answers is a span <c>request</c>; a run that it starts outlives it and is a trace of its own. What is delivered twice is
/// counted twice. Metrics name no run, task or partition, whose number has no bound.
/// </summary>
public static class Telemetry
{
    public const string Name = "Fanfold";

    static readonly ActivitySource Source = new(Name, RunPlanner.EngineVersion);
    static readonly Meter Meter = new(Name, RunPlanner.EngineVersion);

    static readonly Counter<long> Runs = Meter.CreateCounter<long>("fanfold.runs", "{run}", "Runs that ended, by status.");
    static readonly Histogram<double> RunDuration = Meter.CreateHistogram<double>("fanfold.run.duration", "s", "From a drive's start to its end, by status.");
    static readonly Histogram<double> TaskDuration = Meter.CreateHistogram<double>("fanfold.task.duration", "s", "A try of a task, by outcome.");
    static readonly Histogram<double> WorkerDuration = Meter.CreateHistogram<double>("fanfold.worker.duration", "s", "A worker, from its start to its end, by outcome.");
    static readonly Histogram<long> WorkerPeakMemory = Meter.CreateHistogram<long>("fanfold.worker.peak_memory", "By", "The largest resident set of a worker.");
    static readonly UpDownCounter<long> WorkersActive = Meter.CreateUpDownCounter<long>("fanfold.workers.active", "{worker}", "Workers under way.");
    static readonly Counter<long> RowsDecoded = Meter.CreateCounter<long>("fanfold.rows.decoded", "{row}", "Rows that workers decoded.");
    static readonly Counter<long> BytesRead = Meter.CreateCounter<long>("fanfold.bytes.read", "By", "Bytes that workers read from their stores.");
    static readonly Counter<long> Requests = Meter.CreateCounter<long>("fanfold.requests", "{request}", "Requests of workers to their stores.");
    static readonly Counter<long> RowGroups = Meter.CreateCounter<long>("fanfold.row_groups", "{row_group}", "Row groups over all planned tasks, matched and pruned.");

    const string RunId = "fanfold.run.id", TaskId = "fanfold.task.id", Status = "fanfold.status", Outcome = "fanfold.outcome", Planned = "fanfold.planned";

    /// <summary>A host's drive of a run, from here until it is disposed.</summary>
    public static Activity? StartRun(RunRequest request) => Source.StartActivity("run")?.SetTag(RunId, request.RunId).SetTag("fanfold.redrive", request.Redrive);

    public static void Ended(Activity? run, RunEnd end) => run?.SetTag(Status, Word(end.Status)).SetStatus(end.Status is RunStatus.Succeeded or RunStatus.SucceededWithFailures ? ActivityStatusCode.Ok : ActivityStatusCode.Error);

    /// <summary>A request to the API, from here until it is disposed.</summary>
    /// <param name="parent">The caller's span; default for none.</param>
    internal static Activity? StartRequest(string method, ActivityContext parent) => Source.StartActivity("request", ActivityKind.Server, parent)?.SetTag("http.request.method", method);

    /// <param name="route">Its template; null where nothing is at the address.</param>
    internal static void Answered(Activity? request, string? route, int status)
    {
        request?.SetTag("http.route", route).SetTag("http.response.status_code", status);
        if (status >= 500) request?.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>An activity of a run.</summary>
    /// <param name="work">Given its span; null when nothing listens.</param>
    internal static async Task<T> TraceAsync<T>(string name, RunPayload payload, Func<Activity?, Task<T>> work, Func<T, TaskOutcome>? outcome = null)
    {
        using var span = Source.StartActivity(name)?.SetTag(RunId, payload.RunId);
        var began = Stopwatch.GetTimestamp();
        try
        {
            var result = await work(span);
            if (outcome is not null) Tell(span, outcome(result));
            if (outcome is not null && name == "task") TaskDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, Tag(Outcome, Word(outcome(result))));
            return result;
        }
        catch (Exception failure)
        {
            // Its message may hold what no trace should.
            span?.SetStatus(ActivityStatusCode.Error, failure.GetType().Name);
            throw;
        }
    }

    /// <summary>A worker, from its start to its receipt.</summary>
    /// <param name="work">Given the task as the worker is to have it.</param>
    internal static async Task<TaskReceipt> TraceWorkerAsync(WorkerTask task, Func<WorkerTask, Task<TaskReceipt>> work)
    {
        using var span = Source.StartActivity("worker", ActivityKind.Client)?.SetTag(RunId, task.RunId).SetTag(TaskId, task.TaskId);
        var began = Stopwatch.GetTimestamp();
        WorkersActive.Add(1);
        TaskReceipt receipt;
        try
        {
            receipt = await work(task with { TraceParent = span?.Id });
        }
        finally
        {
            WorkersActive.Add(-1);
        }
        WorkerDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, Tag(Outcome, Word(receipt.Outcome)));
        if (receipt.PeakMemory > 0) WorkerPeakMemory.Record(receipt.PeakMemory);
        RowsDecoded.Add(receipt.RowsDecoded);
        BytesRead.Add(receipt.BytesRead);
        Requests.Add(receipt.Requests);
        Tell(span, receipt.Outcome);
        span?.SetTag("fanfold.rows.decoded", receipt.RowsDecoded).SetTag("fanfold.bytes.read", receipt.BytesRead).SetTag("fanfold.requests", receipt.Requests).SetTag("fanfold.worker.peak_memory", receipt.PeakMemory);
        return receipt;
    }

    internal static void Describe(Activity? span, TaskSlice slice, string taskId, int attempt) =>
        span?.SetTag(TaskId, taskId).SetTag("fanfold.partition", slice.Partition).SetTag("fanfold.attempt", attempt);

    internal static void CountPlan(PlanHeader header)
    {
        RowGroups.Add(header.Totals.Matched, Tag(Planned, "matched"));
        RowGroups.Add(header.Totals.Pruned, Tag(Planned, "pruned"));
    }

    internal static void CountRun(RunStatus status, TimeSpan elapsed)
    {
        Runs.Add(1, Tag(Status, Word(status)));
        RunDuration.Record(elapsed.TotalSeconds, Tag(Status, Word(status)));
    }

    static void Tell(Activity? span, TaskOutcome outcome) => span?.SetTag(Outcome, Word(outcome)).SetStatus(outcome == TaskOutcome.Done ? ActivityStatusCode.Ok : ActivityStatusCode.Error);

    static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    static string Word<T>(T value) where T : struct, Enum => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
