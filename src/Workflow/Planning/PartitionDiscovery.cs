using System.Text.Json;
using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>Finds the values of the partition column by counting them: a task like any other, in a worker, over that one column.</summary>
/// <param name="driver">Who drives the run; null for a plan without one.</param>
sealed class PartitionDiscovery(IObjectStore state, StoreLocation dataLocation, StoreLocation stateLocation, ITaskIsolation isolation, LimitsSpec limits, TaskScratch? scratch, RunPaths paths, string? driver = null)
{
    const string TaskId = "discovery";
    const int MaxReceipt = 1 << 20;

    /// <summary>How the worker went; null before.</summary>
    public TaskReceipt? Receipt { get; private set; }

    /// <summary>The distinct values with their rows, ascending, null last.</summary>
    /// <exception cref="PlanRefusedException">The worker failed, or found nothing where there are rows.</exception>
    public async Task<List<Partition>> FindAsync(Schema columns, IReadOnlyList<PlannedFile> files, CancellationToken cancellationToken)
    {
        var column = new TaskColumn(columns[0].Name, columns[0].Type);
        var taskFiles = files.Select(file => new TaskFile(file.Path, file.Length, file.ETag, file.DataEnd, [file.Columns[0]],
            [.. file.RowGroups.Where(group => !group.PrunedByWhere).Select(group => new RowGroup(group.Ordinal, group.Rows, file.Columns[0] is null ? [] : [group.Chunks[0]]))])
        { Constants = file.Constants?.Take(1).ToList() }).ToList();
        var inputs = ReduceRunner.InputsHash(taskFiles.Select(file => (file.Path, file.ETag, file.RowGroups.Select(group => group.Ordinal))))[..16];
        if (await FindAgainAsync(inputs, column, cancellationToken) is { } found) return found;
        var task = new WorkerTask
        {
            RunId = paths.RunId,
            TaskId = TaskId,
            Data = dataLocation,
            State = stateLocation,
            Output = paths.Discovery(inputs),
            Memory = limits.Memory.Bytes,
            Scratch = scratch,
            Metadata = new SortedDictionary<string, string>(StringComparer.Ordinal),
            Reduce = new ReduceWork([column], null, null, new TaskReduction([0], [new Aggregate("rows", AggregateFunction.Len, -1)], null, [], null), taskFiles),
        };
        var receipt = await RunAsync(task, cancellationToken);
        // What is there under the part's name is no part of this task, and a worker keeps it.
        if (receipt.NondeterministicPart || receipt.Outcome == TaskOutcome.BadData && await IsThereAsync(task.Output, cancellationToken))
        {
            await ForgetAsync(inputs, cancellationToken);
            // A try that came to its end is counted too.
            for (var number = 1; number <= limits.Retries + 1; number++) await state.DeleteAsync($"{paths.Attempt(TaskId)}.{number}", cancellationToken);
            receipt = await RunAsync(task, cancellationToken);
        }
        if (receipt.Failure is { } failure)
            throw new PlanRefusedException(failure.Code, $"The values of '{column.Name}' can't be found: {MemoryFailure.Advised(failure)}", failure.File) { Outcome = receipt.Outcome };
        if (receipt.Part is not { } part)
        {
            if (taskFiles.Sum(file => file.RowGroups.Sum(group => group.Rows)) is not (> 0 and var rows)) return [];
            throw new PlanRefusedException("bug", $"The values of '{column.Name}' can't be found: the worker that should have counted them in {rows} rows ended without an error and without a list of them") { Outcome = TaskOutcome.Bug };
        }
        await state.PutAsync(paths.DiscoveryReceipt(inputs), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt), PutCondition.None, cancellationToken);
        return await ReadAsync(part, column, cancellationToken);
    }

    async Task<TaskReceipt> RunAsync(WorkerTask task, CancellationToken cancellationToken) =>
        Receipt = await isolation.RunAsync(task, limits.Timeout, static _ => { }, cancellationToken) with { Driver = driver };

    /// <summary>What an earlier drive found in the same files; null when there is nothing, or nothing to rely on, and then nothing of it is left.</summary>
    async Task<List<Partition>?> FindAgainAsync(string inputs, TaskColumn column, CancellationToken cancellationToken)
    {
        try
        {
            if (await state.ReadAllAsync(paths.DiscoveryReceipt(inputs), MaxReceipt, cancellationToken) is not { } json) return null;
            Receipt = StoredJson.Read(json, WorkflowJson.Default.TaskReceipt, WorkerTask.CurrentVersion, "receipt", paths.RunId);
            if (Receipt is { TaskId: TaskId, Outcome: TaskOutcome.Done, Part: { } part } && part.Path == paths.Discovery(inputs) && await IsWholeAsync(part, cancellationToken)
                && await ReadAsync(part, column, cancellationToken) is var found && found.Count == part.Rows) return found;
        }
        catch (Exception damaged) when (damaged is RunStateException or ParquetDataException or StorageException { Failure: StorageFailure.Changed or StorageFailure.TooLarge })
        {
            // As good as gone.
        }
        Receipt = null;
        await ForgetAsync(inputs, cancellationToken);
        return null;
    }

    async Task ForgetAsync(string inputs, CancellationToken cancellationToken)
    {
        await state.DeleteAsync(paths.DiscoveryReceipt(inputs), cancellationToken);
        await state.DeleteAsync(paths.Discovery(inputs), cancellationToken);
    }

    async Task<bool> IsThereAsync(string path, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(path, cancellationToken);
        return reader is not null;
    }

    async Task<bool> IsWholeAsync(PartReference part, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(part.Path, cancellationToken);
        return reader is not null && reader.Properties == part.Properties && await PartWriter.HashAsync(reader, HashKind.Xxh3, cancellationToken) == part.Hash;
    }

    Task<List<Partition>> ReadAsync(PartReference part, TaskColumn column, CancellationToken cancellationToken) => ReadAsync(part, column, state, limits.Memory.Bytes, cancellationToken);

    /// <summary>What a discovery found, as its receipt names it.</summary>
    /// <param name="memory">That reading may take, in bytes.</param>
    public static async Task<List<Partition>> ReadAsync(PartReference part, TaskColumn column, IObjectStore state, long memory, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(part.Properties, cancellationToken);
        var source = new ObjectSource(reader, new Traffic());
        await using var rows = new ColumnBatchReader(source, await FooterReader.ReadAsync(source, cancellationToken), new Schema([column.ToField(), new Field("rows", DataType.Int64)]), new Buffers(new MemoryAccount(memory)));
        var partitions = new List<Partition>();
        await foreach (var batch in rows.ReadAsync(8192, cancellationToken))
        {
            for (var row = 0; row < batch.Rows; row++) partitions.Add(Partition.Of(batch.Columns[0][row], (long)batch.Columns[1][row].IntegerValue));
        }
        return partitions;
    }
}
