using System.Text.Json;
using Fanfold.Workflow.Running;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace Fanfold.Functions;

/// <param name="Request">A <see cref="RunRequest"/> in the workflow's JSON.</param>
/// <param name="Stops">How often the drive was stopped by what may pass, in a row.</param>
public sealed record DriveInput(JsonElement Request, int Stops = 0);

/// <summary>The workflows of <see cref="RunOrchestration"/> as Durable's orchestrators.</summary>
public static class Orchestrators
{
    // Some eight hours of a store that does not answer.
    const int MostStops = 100;

    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>One drive of a run, from wherever it is to its end.</summary>
    [Function(nameof(Drive))]
    public static async Task<JsonElement> Drive([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var input = context.GetInput<DriveInput>() ?? throw new InvalidOperationException("A drive was started without its run.");
        var log = context.CreateReplaySafeLogger(nameof(Drive));
        var request = input.Request.Deserialize(WorkflowJson.Default.RunRequest)!;
        var workflow = new DurableWorkflow(context, request.Paths);
        request = request with { StartedAt = request.StartedAt ?? workflow.UtcNow };
        try
        {
            return await RunOrchestration.InvokeAsync(nameof(Drive), workflow, JsonSerializer.SerializeToElement(request, WorkflowJson.Default.RunRequest));
        }
        catch (TaskFailedException stopped) when (input.Stops < MostStops && Failures.MayPass(stopped.FailureDetails))
        {
            var pause = TimeSpan.FromSeconds(Math.Min(FirstPause.TotalSeconds * Math.Pow(2, Math.Min(input.Stops, 20)), LongestPause.TotalSeconds));
            Log.Stopped(log, context.InstanceId, Failures.Reason(stopped.FailureDetails), pause);
            await workflow.CreateTimerAsync(workflow.UtcNow + pause);
            context.ContinueAsNew(new DriveInput(JsonSerializer.SerializeToElement(request, WorkflowJson.Default.RunRequest), input.Stops + 1), preserveUnprocessedEvents: false);
            return default;
        }
        catch (TaskFailedException failed)
        {
            // Where a later drive may do better, the reason has to be where people look.
            await workflow.CallActivityAsync(RunActivities.FailDrive, new DriveFailure(request.RunId, Failures.Error(failed.FailureDetails)) { Redrive = request.Redrive });
            throw;
        }
    }

    /// <summary>Some tasks of a run.</summary>
    [Function(nameof(RunTasks))]
    public static Task<JsonElement> RunTasks([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var input = context.GetInput<JsonElement>();
        return RunOrchestration.InvokeAsync(nameof(RunTasks), new DurableWorkflow(context, RunPayload.PathsOf(input)), input);
    }
}
