using System.Text.Json;
using Fanfold.Workflow.Running;
using Microsoft.Azure.Functions.Worker;

namespace Fanfold.Functions;

/// <summary>The activities of <see cref="RunActivities"/>, by their names.</summary>
public sealed class Activities(App app)
{
    [Function(nameof(RunActivities.PlanRun))]
    public Task<JsonElement> PlanRun([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.PlanRun), input, cancellationToken);

    [Function(nameof(RunActivities.ReduceTask))]
    public Task<JsonElement> ReduceTask([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.ReduceTask), input, cancellationToken);

    [Function(nameof(RunActivities.MergePieces))]
    public Task<JsonElement> MergePieces([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.MergePieces), input, cancellationToken);

    [Function(nameof(RunActivities.CombineParts))]
    public Task<JsonElement> CombineParts([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.CombineParts), input, cancellationToken);

    [Function(nameof(RunActivities.CommitRun))]
    public Task<JsonElement> CommitRun([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.CommitRun), input, cancellationToken);

    [Function(nameof(RunActivities.CleanUp))]
    public Task<JsonElement> CleanUp([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.CleanUp), input, cancellationToken);

    [Function(nameof(RunActivities.BeginDrive))]
    public Task<JsonElement> BeginDrive([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.BeginDrive), input, cancellationToken);

    [Function(nameof(RunActivities.EndDrive))]
    public Task<JsonElement> EndDrive([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.EndDrive), input, cancellationToken);

    [Function(nameof(RunActivities.FailDrive))]
    public Task<JsonElement> FailDrive([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.FailDrive), input, cancellationToken);

    [Function(nameof(RunActivities.ShowProgress))]
    public Task<JsonElement> ShowProgress([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.ShowProgress), input, cancellationToken);

    [Function(nameof(RunActivities.LookForCancel))]
    public Task<JsonElement> LookForCancel([ActivityTrigger] JsonElement input, CancellationToken cancellationToken) => app.RunAsync(nameof(RunActivities.LookForCancel), input, cancellationToken);
}
