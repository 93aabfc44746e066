using System.Text.Json;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

public sealed partial class RunActivities
{
    const int MaxErrorsInSummary = 100;

    public Task<RunEnd> CommitRunAsync(FinishRequest request, CancellationToken cancellationToken) =>
        Telemetry.TraceAsync("commit", request, _ => CommitAsync(request, cancellationToken));

    async Task<RunEnd> CommitAsync(FinishRequest request, CancellationToken cancellationToken)
    {
        var paths = request.Paths;
        // Delivered before: the outcome is on record, and the parts may be gone.
        if (await RunEnding.ReadAsync(state, paths, cancellationToken) is { } earlier) return earlier;
        var spec = await ReadSpecAsync(paths, cancellationToken);
        var header = await new PlanStore(state, paths).ReadHeaderAsync(cancellationToken);
        if (header is null && request.Commit) throw PlanStore.Gone(paths);
        var tasks = header is null ? [] : await FinishedTasksAsync(paths, header, cancellationToken);
        var combined = await ReadReceiptAsync(paths.Receipt(RunPaths.CombineTask), paths, cancellationToken);
        if (request.Commit && await DecideAsync(paths, cancellationToken) is var stop and not RunStop.None) request = request with { Commit = false, Stop = stop };
        var errors = await ErrorsAsync(request, paths, header, tasks, cancellationToken);
        if (StopError(request, spec) is { } stopped) errors.Insert(0, stopped);
        CommittedResult? committed = null;
        List<ManifestPartition> partitions = [];
        if (request.Commit && header is not null)
        {
            try
            {
                var proof = Proof.Of(header, tasks, combined);
                if ((Proof.Fault(header, tasks, paths, request.FailedTasks) ?? Proof.Fault(proof, combined, paths)) is { } fault) errors.Insert(0, new RunError("proof-failed", $"{fault}; nothing was committed"));
                else
                {
                    partitions = header.Shared is null ? [.. tasks.Select(ManifestPartition.Of)] : await SharedPartitionList.ReadAsync(header, spec, combined!, state, cancellationToken);
                    (committed, var refusal) = await PutResultAsync(request, spec, header, tasks, combined!, partitions, proof, cancellationToken);
                    if (refusal is not null) errors.Insert(0, refusal);
                }
            }
            catch (StorageException gone) when (gone.Failure == StorageFailure.Changed)
            {
                // Parts are deleted only after the outcome is on record, by another delivery at the same time.
                if (await RunEnding.ReadAsync(state, paths, cancellationToken) is { } now) return now;
                errors.Insert(0, LostPart(paths, gone.Message, gone.Path));
            }
            catch (ParquetDataException rotten)
            {
                errors.Insert(0, LostPart(paths, rotten.Message, rotten.File ?? paths.CombinedPart));
            }
            catch (StorageException failure) when (!IsPassing(failure))
            {
                errors.Insert(0, StorageError(failure));
            }
        }
        var status = request.Stop == RunStop.Cancelled ? RunStatus.Cancelled : committed is null ? RunStatus.Failed : errors.Count > 0 ? RunStatus.SucceededWithFailures : RunStatus.Succeeded;
        Telemetry.CountRun(status, time.GetUtcNow() - request.StartedAt);
        var summary = Summarize(request, spec, header, tasks, combined, status, header?.Shared is null ? null : Count(partitions, spec, status), errors);
        var record = new RunRecord
        {
            RunId = request.RunId, SpecHash = spec.ComputeHash(), Status = status, StartedAt = request.StartedAt, StartedBy = (await RunStarter.ReadRecordAsync(state, request.RunId, time, cancellationToken))?.StartedBy,
            EndedAt = time.GetUtcNow(), Redrive = request.Redrive, Summary = summary,
        };
        // Before the outcome, after which nothing of a commit is done again.
        if (committed is not null) await state.PutAsync(paths.Committed, JsonSerializer.SerializeToUtf8Bytes(committed, WorkflowJson.Default.CommittedResult), PutCondition.None, cancellationToken);
        return await RunEnding.WriteAsync(state, paths, record, cancellationToken);
    }

    static RunError LostPart(RunPaths paths, string what, string path) =>
        new("part-lost", $"{what}; does something else delete or write below '{paths.Parts}', or does the medium fail? `fanfold redrive {paths.RunId}` combines the parts again", File: path);

    public async Task<RunRequest> CleanUpAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var paths = request.Paths;
        // Pieces of split tasks have parts that no list names. What failed may be driven again, and then the others' parts are needed.
        await DeleteAllAsync(paths.Attempts, cancellationToken);
        if (await RunEnding.ReadAsync(state, paths, cancellationToken) is { Status: RunStatus.Succeeded }) await DeleteAllAsync(paths.Parts, cancellationToken);
        else await state.DeleteAsync(paths.CombinedPart, cancellationToken);
        // A worker that was killed while the run went on left what it had not finished.
        string[] folders = _loaded is { } loaded && loaded.Paths == paths && loaded.Header.Cache is { } cache ? [paths.Parts, paths.Attempts, CachePaths.Folder(cache)] : [paths.Parts, paths.Attempts];
        foreach (var folder in folders) await state.SweepAsync(folder, cancellationToken);
        return request;
    }

    async Task DeleteAllAsync(string folder, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(state.ListAsync(folder, cancellationToken), new ParallelOptions { MaxDegreeOfParallelism = StateConcurrency, CancellationToken = cancellationToken, TaskScheduler = TaskScheduler.Current },
            async (entry, token) => await state.DeleteAsync(entry.Path, token));

    /// <summary>Whether the run is cancelled at the last moment. It is decided once, before the first byte of the result is put, for all deliveries of the commit.</summary>
    async Task<RunStop> DecideAsync(RunPaths paths, CancellationToken cancellationToken)
    {
        var decision = new CommitDecision(await _cancels.LookAsync(paths, cancellationToken) ? RunStop.Cancelled : RunStop.None);
        await PutOnceAsync(paths.CommitDecision, JsonSerializer.SerializeToUtf8Bytes(decision, WorkflowJson.Default.CommitDecision), cancellationToken);
        var decided = await state.ReadAllAsync(paths.CommitDecision, MaxJson, cancellationToken) ?? throw RunStateException.Corrupt($"The commit decision of run '{paths.RunId}' is gone");
        return StoredJson.Read(decided, WorkflowJson.Default.CommitDecision, CommitDecision.CurrentVersion, "commit decision", paths.RunId).Stop;
    }

    static RunError? StopError(FinishRequest request, RunSpec spec) => request.Stop switch
    {
        RunStop.Cancelled => new RunError("cancelled", $"The run was cancelled before its commit. What is done is kept: `fanfold redrive {request.RunId}` goes on from there."),
        RunStop.Deadline => new RunError(RunIsolation.RunDeadlineCode, $"The run did not end within {spec.Limits.RunTimeout}; raise \"limits.runTimeout\" under a new id, or `fanfold redrive {request.RunId}`, which has as much time again and keeps what is done."),
        _ => null,
    };

    /// <summary>Puts the result, then the manifest that makes it visible. Both are there then, or there is an error.</summary>
    async Task<(CommittedResult? Result, RunError? Error)> PutResultAsync(
        FinishRequest request, RunSpec spec, PlanHeader header, List<FinishedTask> tasks, TaskReceipt combined, List<ManifestPartition> partitions, CompletenessProof proof, CancellationToken cancellationToken)
    {
        var part = combined.Part!;
        try
        {
            if (spec.Output.Format == ResultFormat.Hive) return await PutFilesAsync(ManifestOf, spec.Output.Path, request.RunId, header, part, cancellationToken);
            await new FileCommit(state, time).CommitAsync(spec.Output.Path, header, part, put => ManifestOf(new ManifestResult(put.Path, spec.Output.Format, put.ETag, put.Hash, put.Rows, put.Bytes), null), cancellationToken);
            return (new CommittedResult(part.Hash), null);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            return (null, new RunError("output-conflict",
                $"'{conflict.Path}' was written by another run while this one was under way, so nothing more was written. Start this run again under a new id, or give it another \"output.path\".", File: conflict.Path));
        }

        Manifest ManifestOf(ManifestResult result, IReadOnlyList<string>? superseded) => new()
        {
            RunId = request.RunId,
            SpecHash = header.SpecHash,
            EngineVersion = header.EngineVersion,
            Plugin = header.Plugin,
            Status = proof.Scope == "partial by tolerated failures" ? RunStatus.SucceededWithFailures : RunStatus.Succeeded,
            Result = result,
            Columns = header.ResultColumns,
            Partitions = partitions,
            Slices = header.Shared is null ? null : [.. tasks.Select(ManifestSlice.Of)],
            Cost = new ManifestCost(header.Candidates.Count > 0 ? header.Candidates[0] : null, CostOf(spec, header, tasks, combined)),
            Proof = proof,
            Inputs = [.. header.Files.Select(file => new ManifestInput(file.Path, file.ETag, file.Length, file.Rows))],
            Superseded = superseded is { Count: > 0 } ? superseded : null,
        };
    }

    /// <summary>The same for all deliveries of the commit: of receipts and plan alone.</summary>
    static ActualCost CostOf(RunSpec spec, PlanHeader header, List<FinishedTask> tasks, TaskReceipt? combined)
    {
        var own = tasks.Where(task => !task.Failed).Select(task => task.Receipt).Append(header.Discovery).Append(combined).OfType<TaskReceipt>().Where(receipt => receipt.Driver != TaskReceipt.CacheDriver).ToList();
        var (cpu, requests) = (own.Sum(receipt => receipt.CpuMs) / 1000.0, own.Sum(receipt => (long)receipt.Requests) + header.Totals.Requests);
        return new ActualCost(tasks.Count, tasks.Count(task => task.Receipt?.Driver == TaskReceipt.CacheDriver), own.Sum(receipt => receipt.BytesRead), requests, cpu,
            own.Select(receipt => receipt.PeakMemory).DefaultIfEmpty(0).Max(), Math.Round(PriceTable.Of(own.Sum(receipt => receipt.ElapsedMs) / 1000.0, spec.Limits.Memory.Bytes, own.Count, requests, 2L * own.Count), 6));
    }

    async Task<(CommittedResult? Result, RunError? Error)> PutFilesAsync(
        Func<ManifestResult, IReadOnlyList<string>?, Manifest> manifest, string output, string runId, PlanHeader header, PartReference part, CancellationToken cancellationToken)
    {
        IReadOnlyList<PackedFile> packed;
        await using (var source = await state.OpenAsync(part.Properties, cancellationToken)) packed = await PackedList.ReadAsync(source, cancellationToken);
        if (Proof.Fault(packed, part) is { } fault) return (null, new RunError("proof-failed", $"{fault}; nothing was committed"));
        var hash = HiveFiles.Hash(packed);
        var result = new HiveResultParts(runId, output, header.ResultColumns[0].Type, packed, part, header.ManifestETag);
        await new HiveCommit(state, time).CommitAsync(result, (files, superseded) =>
            manifest(new ManifestResult(output, ResultFormat.Hive, null, hash, part.Rows, files.Sum(file => file.Bytes), files), superseded), cancellationToken);
        return (new CommittedResult(hash), null);
    }

    async Task<List<RunError>> ErrorsAsync(FinishRequest request, RunPaths paths, PlanHeader? header, List<FinishedTask> tasks, CancellationToken cancellationToken)
    {
        var errors = new List<RunError>();
        var failed = tasks.Where(task => task.Failed).ToList();
        foreach (var (slice, _, receipt) in failed.Take(MaxErrorsInSummary))
        {
            // Another delivery has removed the record of the failure when it succeeded, or the store lost it.
            var failure = receipt?.Failure ?? TaskFailure.Of("redrive-needed", $"the task failed and was left out; another delivery of it has succeeded since, or the store lost the record. `fanfold redrive {request.RunId}` takes it in");
            errors.Add(new RunError(failure.Code, $"{slice.Description}: {failure.Message}", Partition: slice.IsShared ? null : slice.Partition, File: failure.File));
        }
        if (failed.Count > MaxErrorsInSummary)
            errors.Add(new RunError("more-failures", $"{failed.Count - MaxErrorsInSummary} more partitions failed; their records are under '{paths.Failure("*")}'."));
        if (failed.Count < request.FailedTasks && !request.Commit)
            errors.Add(new RunError("redrive-needed", $"{request.FailedTasks - failed.Count} more partitions failed that have no record of it: another delivery of them succeeded when the run had given up, or the store lost the record. `fanfold redrive {request.RunId}` goes on from there."));
        if (!request.Commit && tasks.Count > 0 && await ReadReceiptAsync(paths.Failure(RunPaths.CombineTask), paths, cancellationToken) is { Failure: { } combine })
            errors.Add(CombineError(combine));
        // A plan may be there all the same: another delivery's, which came too late.
        if (errors.Count == 0 && !request.Commit && request.Stop == RunStop.None) errors.AddRange(await ReadPlanErrorsAsync(paths, cancellationToken));
        return errors;
    }

    async Task<IReadOnlyList<RunError>> ReadPlanErrorsAsync(RunPaths paths, CancellationToken cancellationToken)
    {
        try
        {
            if (await state.ReadAllAsync(paths.PlanErrors, MaxJson, cancellationToken) is { } json && JsonSerializer.Deserialize(json, WorkflowJson.Default.IReadOnlyListRunError) is { } errors) return errors;
        }
        catch (JsonException)
        {
            // As good as gone.
        }
        return [new RunError("state-corrupt", $"The run could not be planned, and the record of why, '{paths.PlanErrors}', is gone. Start the run under a new id.")];
    }

    /// <summary>Of a shared scan: no partition is done before all are.</summary>
    static PartitionCounts Count(List<ManifestPartition> partitions, RunSpec spec, RunStatus status)
    {
        if (status == RunStatus.Succeeded) return new PartitionCounts(partitions.Count, partitions.Count(partition => partition.Status == "succeeded"), partitions.Count(partition => partition.Status == "empty"), 0);
        var named = spec.PartitionBy.Values?.Count ?? spec.PartitionBy.Ranges?.Count ?? 0;
        return new PartitionCounts(named, 0, 0, status == RunStatus.Failed ? named : 0);
    }

    RunSummary Summarize(
        FinishRequest request, RunSpec spec, PlanHeader? header, List<FinishedTask> tasks, TaskReceipt? combined, RunStatus status, PartitionCounts? partitions, List<RunError> errors)
    {
        var done = tasks.Where(task => !task.Failed && task.Receipt is not null).Select(task => task.Receipt!).ToList();
        var all = tasks.Select(task => task.Receipt).Append(combined).Append(header?.Discovery).OfType<TaskReceipt>().ToList();
        // The combine's belongs to this drive, whoever drove it then.
        var own = all.Where(receipt => receipt.Driver == driver || receipt == combined).ToList();
        var failed = tasks.Count(task => task.Failed);
        var empty = done.Count(receipt => receipt.Part is null);
        var committed = status is RunStatus.Succeeded or RunStatus.SucceededWithFailures;
        return new RunSummary(
            request.RunId, status,
            partitions ?? new PartitionCounts(tasks.Count, done.Count - empty, empty, failed),
            new TaskCounts(tasks.Count, done.Count, failed, done.Count(receipt => receipt.Driver != driver)),
            new RowGroupCounts(header?.RowGroupsTotal ?? 0, header?.Totals.Matched ?? 0, header?.Totals.Pruned ?? 0),
            header?.RowsTotal ?? 0, committed ? combined?.Part?.Rows ?? 0 : 0,
            own.Sum(receipt => receipt.BytesRead), header?.Totals.BytesPruned ?? 0, own.Sum(receipt => (long)receipt.Requests) + (header?.Totals.Requests ?? 0),
            all.Select(receipt => receipt.PeakMemory).DefaultIfEmpty(0).Max(), tasks.Select(task => task.Slice.ForecastMemory).DefaultIfEmpty(0).Max(),
            (long)(time.GetUtcNow() - request.StartedAt).TotalMilliseconds,
            header?.Strategy ?? JsonNamingPolicy.CamelCase.ConvertName(spec.Strategy.ToString()), committed ? spec.Output.Path : null, committed ? RunPaths.Manifest(spec.Output.Path) : null,
            errors.Count == 0 ? null : errors)
        {
            Cost = header is null ? null : CostOf(spec, header, tasks, combined),
        };
    }
}
