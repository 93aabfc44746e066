using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Triggers;

/// <summary>
/// Starts the runs that objects ask for. An event is only a hint: what is at the path now decides, under an id derived from that version, so that events may come again, late,
/// at once or out of order. A version that was started is not started again, even after a purge of its run.
/// </summary>
/// <param name="host">Drives what is started.</param>
public sealed class RunTriggers(IObjectStore data, IObjectStore state, IRunHost host, TimeProvider time)
{
    const int Tries = 5;
    const int MaxMark = 64 << 10;

    /// <summary>A request in the state store, by its path.</summary>
    /// <returns>Nothing, too, for a path that is no request.</returns>
    /// <exception cref="StorageException">A store failed; nothing was decided, and another try may succeed.</exception>
    public Task<TriggerOutcome> OnStateAsync(string path, CancellationToken cancellationToken) => HandleAsync(RunTrigger.OfState(path), state, cancellationToken);

    /// <summary>A folder of the data store that is complete, by the path of its <c>_SUCCESS</c>.</summary>
    /// <inheritdoc cref="OnStateAsync"/>
    public Task<TriggerOutcome> OnDataAsync(string path, CancellationToken cancellationToken) => HandleAsync(RunTrigger.OfData(path), data, cancellationToken);

    async Task<TriggerOutcome> HandleAsync(RunTrigger? trigger, IObjectStore store, CancellationToken cancellationToken)
    {
        if (trigger is null || await ReadAsync(trigger, store, cancellationToken) is not var (etag, spec)) return new TriggerOutcome.Nothing();
        var id = trigger.RunId(etag);
        if (await IsMarkedAsync(trigger, id, cancellationToken)) return new TriggerOutcome.Started(id, Again: true);
        if (!spec.IsValid) return await RefuseAsync(trigger, id, etag, [.. spec.Errors.Select(error => new RunError(error.Code, error.Message, Pointer: error.Pointer))], cancellationToken);
        RunStart start;
        try
        {
            start = await RunStarter.StartAsync(state, id, spec.Spec, fresh: false, RunOrigin.Blob, time, cancellationToken);
        }
        catch (RunStateException refused)
        {
            return await RefuseAsync(trigger, id, etag, [new RunError(refused.Code, refused.Message)], cancellationToken);
        }
        // A folder's spec may have been replaced since its _SUCCESS was told of first; that one has had its run.
        if (start is RunStart.Conflict && trigger.Path == trigger.SpecPath)
            return await RefuseAsync(trigger, id, etag, [new RunError("run-id-conflict", $"The run id '{id}', which is derived from this request, belongs to another spec.")], cancellationToken);
        if (start is RunStart.Ready) await host.DriveAsync(id, cancellationToken);
        await state.DeleteAsync(trigger.ErrorPath(id), cancellationToken);
        var mark = new TriggerStarted(id, trigger.Path, etag);
        await state.PutAsync(trigger.StartedPath, JsonSerializer.SerializeToUtf8Bytes(mark, TriggerJson.Default.TriggerStarted), PutCondition.None, cancellationToken);
        return new TriggerOutcome.Started(id, Again: start is not RunStart.Ready { Status: RunStatus.Pending });
    }

    /// <summary>The version that is there, and what its spec says; null when there is nothing to do.</summary>
    static async Task<(string ETag, SpecResult Spec)?> ReadAsync(RunTrigger trigger, IObjectStore store, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var marker = trigger.Path == trigger.SpecPath ? null : await store.OpenAsync(trigger.Path, cancellationToken);
                if (marker is null && trigger.Path != trigger.SpecPath) return null;
                await using var reader = await store.OpenAsync(trigger.SpecPath, cancellationToken);
                if (reader is null) return null;
                // One byte too many is enough for the parser to say so.
                var content = new byte[Math.Min(reader.Properties.Length, SpecParser.MaxBytes + 1)];
                await reader.ReadAsync(0, content, cancellationToken);
                return (RunTrigger.Bare((marker ?? reader).Properties.ETag), SpecParser.Parse(content));
            }
            // Replaced since it was opened; the next try reads the newer version.
            catch (StorageException changed) when (changed.Failure == StorageFailure.Changed && attempt < Tries) { }
        }
    }

    async Task<bool> IsMarkedAsync(RunTrigger trigger, string id, CancellationToken cancellationToken)
    {
        try
        {
            return await state.ReadAllAsync(trigger.StartedPath, MaxMark, cancellationToken) is { } json && JsonSerializer.Deserialize(json, TriggerJson.Default.TriggerStarted)?.RunId == id;
        }
        catch (Exception foreign) when (foreign is JsonException or StorageException { Failure: StorageFailure.TooLarge })
        {
            return false;
        }
    }

    async Task<TriggerOutcome> RefuseAsync(RunTrigger trigger, string id, string etag, IReadOnlyList<RunError> errors, CancellationToken cancellationToken)
    {
        RunError[] shown = [.. errors.Select(error => error with { Message = Secrets.Hide(error.Message) })];
        var refusal = new TriggerRefusal(id, Secrets.Hide(trigger.Path), etag, "Correct it and put it again; each new version is looked at.", shown);
        var path = trigger.ErrorPath(id);
        await state.PutAsync(path, JsonSerializer.SerializeToUtf8Bytes(refusal, TriggerJson.Readable.TriggerRefusal), PutCondition.None, cancellationToken);
        return new TriggerOutcome.Refused(id, path, shown);
    }
}
