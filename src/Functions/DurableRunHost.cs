using System.Text.Json;
using DurableTask.Core.Exceptions;
using Fanfold.Storage;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Fanfold.Functions;

/// <summary>Drives runs by Durable: each drive of a run is an instance of its own, so that a redrive never meets the end of the drive before it.</summary>
sealed class DurableRunHost(DurableTaskClient client, IObjectStore state, TimeProvider time) : IRunHost
{
    /// <summary>A point is in no run's id, so no two drives have the same.</summary>
    public static string InstanceId(RunPaths paths) => paths.Redrive == 0 ? paths.RunId : $"{paths.RunId}.{paths.Redrive}";

    public async ValueTask DriveAsync(string runId, CancellationToken cancellationToken)
    {
        if (await RunStarter.EnsureRecordAsync(state, runId, time, cancellationToken) is not { Summary: null } record) return;
        var request = new RunRequest(runId, Fresh: false) { Redrive = record.Redrive };
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(nameof(Orchestrators.Drive), new DriveInput(JsonSerializer.SerializeToElement(request, WorkflowJson.Default.RunRequest)),
                new StartOrchestrationOptions(InstanceId(request.Paths)).WithDedupeStatuses(OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended), cancellationToken);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // It is under way, and looks at the run's record itself.
        }
    }
}
