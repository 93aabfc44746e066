using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

public sealed partial class RunActivities
{
    const int MaxErrorsInSummary = 100;

    public async Task<RunSummary> CommitRunAsync(FinishRequest request, CancellationToken cancellationToken)
    {
        // Delivered before: the run's end is on record, and its parts may be gone.
        if (await RunStarter.ReadRecordAsync(state, request.RunId, cancellationToken) is { Summary: { } ended }) return ended;
        var paths = new RunPaths(request.RunId);
        var spec = await ReadSpecAsync(paths, cancellationToken);
        var header = await new PlanStore(state, paths).ReadHeaderAsync(cancellationToken);
        var tasks = header is null ? [] : await FinishedTasksAsync(request, header, cancellationToken);
        var combined = await ReadReceiptAsync(paths.Receipt(CombineTaskId), paths, cancellationToken);
        var errors = await ErrorsAsync(request, paths, tasks, cancellationToken);
        var committed = false;
        if (request.Commit && header is not null && combined?.Part is { } part)
        {
            try
            {
                var proof = Proof.Of(header, tasks);
                if (Proof.Fault(proof, combined, paths) is { } fault) errors.Insert(0, new RunError("proof-failed", $"{fault}; nothing was committed"));
                else if (await PutResultAsync(request, spec, header, tasks, part, proof, cancellationToken) is { } conflict) errors.Insert(0, conflict);
                else committed = true;
            }
            catch (StorageException gone) when (gone.Failure == StorageFailure.Changed)
            {
                // Parts are deleted only after the run's end is on record, by another delivery at the same time.
                if (await RunStarter.ReadRecordAsync(state, request.RunId, cancellationToken) is { Summary: { } now }) return now;
                errors.Insert(0, StorageError(gone));
            }
            catch (StorageException failure) when (!IsPassing(failure))
            {
                errors.Insert(0, StorageError(failure));
            }
        }
        var status = !committed ? RunStatus.Failed : errors.Count > 0 ? RunStatus.SucceededWithFailures : RunStatus.Succeeded;
        var summary = Summarize(request, spec, header, tasks, combined, status, errors);
        var record = new RunRecord { RunId = request.RunId, SpecHash = spec.ComputeHash(), Status = status, StartedAt = request.StartedAt, EndedAt = time.GetUtcNow(), Summary = summary };
        await PutJsonAsync(paths.Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord), cancellationToken);
        return summary;
    }

    public async Task<RunRequest> CleanUpAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(request.RunId);
        var header = (await LoadPlanAsync(request.RunId, cancellationToken)).Header;
        var slices = await new PlanStore(state, paths).ReadSlicesAsync(header, cancellationToken);
        await Parallel.ForEachAsync(slices.Select(slice => paths.Part(slice.TaskId)).Append(paths.CombinedPart),
            new ParallelOptions { MaxDegreeOfParallelism = StateConcurrency, CancellationToken = cancellationToken }, async (part, token) => await state.DeleteAsync(part, token));
        return request;
    }

    /// <summary>Puts the result, then the manifest that makes it visible. Null when both are there; an error when another run got between.</summary>
    async Task<RunError?> PutResultAsync(
        FinishRequest request, RunSpec spec, PlanHeader header, List<FinishedTask> tasks, PartReference part, CompletenessProof proof, CancellationToken cancellationToken)
    {
        try
        {
            var result = await PutResultAsync(spec.Output.Path, header.OutputETag, part, cancellationToken);
            var manifest = new Manifest
            {
                RunId = request.RunId,
                SpecHash = header.SpecHash,
                EngineVersion = header.EngineVersion,
                Status = proof.Scope == "partial by tolerated failures" ? RunStatus.SucceededWithFailures : RunStatus.Succeeded,
                Result = result,
                Columns = header.ResultColumns,
                Partitions = [.. tasks.Select(task => new ManifestPartition(task.Slice.Value is null ? null : task.Slice.Partition, StatusOf(task), task.Failed ? null : task.Receipt?.RowsInPartition, task.Receipt?.Part?.Rows ?? 0, task.Receipt?.Part?.Hash))],
                Proof = proof,
                Inputs = [.. header.Files.Select(file => new ManifestInput(file.Path, file.ETag, file.Length, file.Rows))],
            };
            var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, WorkflowJson.Default.Manifest);
            await PutUnlessEqualAsync(RunPaths.Manifest(spec.Output.Path), bytes, header.ManifestETag, cancellationToken);
            return null;
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            return new RunError("output-conflict",
                $"'{conflict.Path}' was written by another run while this one was under way, so nothing more was written. Start this run again under a new id, or give it another \"output.path\".", File: conflict.Path);
        }
    }

    async Task<PartReference> PutResultAsync(string path, string? etag, PartReference part, CancellationToken cancellationToken)
    {
        await using var source = await state.OpenAsync(part.Properties, cancellationToken);
        try
        {
            await using var content = new ObjectStream(source);
            var put = await state.PutAsync(path, content, Condition(etag), cancellationToken);
            return part with { Path = path, ETag = put.ETag };
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            // An earlier delivery of this activity may have put it already.
            await using var existing = await state.OpenAsync(path, cancellationToken);
            if (existing is null || await PartWriter.HashAsync(existing, cancellationToken) != part.Hash) throw;
            return part with { Path = path, ETag = existing.Properties.ETag };
        }
    }

    async Task PutUnlessEqualAsync(string path, byte[] content, string? etag, CancellationToken cancellationToken)
    {
        try
        {
            await state.PutAsync(path, content, Condition(etag), cancellationToken);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            if (await state.ReadAllAsync(path, MaxJson, cancellationToken) is not { } existing || !existing.AsSpan().SequenceEqual(content)) throw;
        }
    }

    static PutCondition Condition(string? etag) => etag is null ? PutCondition.IfAbsent : PutCondition.IfMatch(etag);

    static string StatusOf(FinishedTask task) => task.Failed ? "failed" : task.Receipt?.Part is null ? "empty" : "succeeded";

    async Task<List<RunError>> ErrorsAsync(FinishRequest request, RunPaths paths, List<FinishedTask> tasks, CancellationToken cancellationToken)
    {
        var errors = new List<RunError>();
        if (await state.ReadAllAsync(paths.PlanErrors, MaxJson, cancellationToken) is { } planErrors && tasks.Count == 0)
            errors.AddRange(JsonSerializer.Deserialize(planErrors, WorkflowJson.Default.IReadOnlyListRunError)!);
        foreach (var index in request.FailedTasks.Take(MaxErrorsInSummary))
        {
            var (slice, failure) = (tasks[index].Slice, tasks[index].Receipt?.Failure);
            errors.Add(new RunError(failure?.Code ?? "unknown", $"{slice.Description}: {failure?.Message ?? "the task failed without a record"}", Partition: slice.Partition, File: failure?.File));
        }
        if (request.FailedTasks.Count > MaxErrorsInSummary)
            errors.Add(new RunError("more-failures", $"{request.FailedTasks.Count - MaxErrorsInSummary} more partitions failed; their records are under '{paths.Failure("*")}'."));
        if (!request.Commit && tasks.Count > 0 && await ReadReceiptAsync(paths.Failure(CombineTaskId), paths, cancellationToken) is { Failure: { } combine })
            errors.Add(new RunError(combine.Code, $"combining the parts failed: {combine.Message}", File: combine.File));
        return errors;
    }

    RunSummary Summarize(
        FinishRequest request, RunSpec spec, PlanHeader? header, List<FinishedTask> tasks, TaskReceipt? combined, RunStatus status, List<RunError> errors)
    {
        var done = tasks.Where(task => !task.Failed && task.Receipt is not null).Select(task => task.Receipt!).ToList();
        var all = tasks.Select(task => task.Receipt).Append(combined).Append(header?.Discovery).OfType<TaskReceipt>().ToList();
        var empty = done.Count(receipt => receipt.Part is null);
        var committed = status is RunStatus.Succeeded or RunStatus.SucceededWithFailures;
        return new RunSummary(
            request.RunId, status,
            new PartitionCounts(tasks.Count, done.Count - empty, empty, request.FailedTasks.Count),
            new TaskCounts(tasks.Count, done.Count, request.FailedTasks.Count, done.Count(receipt => receipt.Driver != driver)),
            new RowGroupCounts(header?.RowGroupsTotal ?? 0, header?.Totals.Matched ?? 0, header?.Totals.Pruned ?? 0),
            header?.RowsTotal ?? 0, committed ? combined?.Part?.Rows ?? 0 : 0,
            all.Sum(receipt => receipt.BytesRead), header?.Totals.BytesPruned ?? 0, all.Sum(receipt => (long)receipt.Requests) + (header?.Totals.Requests ?? 0),
            all.Select(receipt => receipt.PeakMemory).DefaultIfEmpty(0).Max(), (long)(time.GetUtcNow() - request.StartedAt).TotalMilliseconds,
            header?.Strategy ?? "perPartition", committed ? spec.Output.Path : null, committed ? RunPaths.Manifest(spec.Output.Path) : null,
            errors.Count == 0 ? null : errors);
    }
}
