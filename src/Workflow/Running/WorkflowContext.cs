using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fanfold.Workflow.Running;

/// <summary>
/// What an orchestration may use: everything else, clocks and randomness included, would differ when its history is replayed. A host
/// runs one step of an orchestration at a time, so its local state needs no locks.
/// </summary>
public abstract class WorkflowContext
{
    public abstract string RunId { get; }

    /// <summary>The time of the event that is being handled; the same in every replay.</summary>
    public abstract DateTimeOffset UtcNow { get; }

    /// <summary>Runs an activity, at least once, and gives its result. Failures that can be handled are values of the result.</summary>
    public abstract Task<TResult> CallActivityAsync<TInput, TResult>(Activity<TInput, TResult> activity, TInput input);

    /// <summary>Runs another workflow as a part of this one, with a history of its own, and gives its result.</summary>
    /// <param name="name">Names it among all that this workflow calls.</param>
    public abstract Task<TResult> CallSubWorkflowAsync<TInput, TResult>(Workflow<TInput, TResult> workflow, TInput input, string name);

    /// <summary>Completes at <paramref name="due"/> or soon after; earlier when the run is cancelled, so that it need not wait for that.</summary>
    public abstract Task CreateTimerAsync(DateTimeOffset due);

    /// <summary>Shows how far the run is; the last report wins. Not durable.</summary>
    public abstract void ReportProgress(RunProgress progress);
}

/// <summary>A workflow's name, the JSON form of its payloads, and its code, which is run again from the start whenever its history is replayed.</summary>
public sealed record Workflow<TInput, TResult>(string Name, JsonTypeInfo<TInput> Input, JsonTypeInfo<TResult> Result, Func<WorkflowContext, TInput, Task<TResult>> Run)
{
    internal async Task<JsonElement> InvokeAsync(WorkflowContext context, JsonElement input) => JsonSerializer.SerializeToElement(await Run(context, input.Deserialize(Input)!), Result);
}

/// <summary>An activity's name and the JSON form of its payloads.</summary>
public sealed record Activity<TInput, TResult>(string Name, JsonTypeInfo<TInput> Input, JsonTypeInfo<TResult> Result)
{
    internal async Task<JsonElement> InvokeAsync(Func<TInput, CancellationToken, Task<TResult>> run, JsonElement input, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeToElement(await run(input.Deserialize(Input)!, cancellationToken), Result);
}
