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
sealed class PartitionDiscovery(IObjectStore state, StoreLocation dataLocation, StoreLocation stateLocation, ITaskIsolation isolation, LimitsSpec limits, TaskScratch? scratch, RunPaths paths)
{
    const int MaxReceipt = 1 << 20;

    /// <summary>How the worker went; null before.</summary>
    public TaskReceipt? Receipt { get; private set; }

    /// <summary>The distinct values with their rows, ascending, null last.</summary>
    /// <exception cref="PlanRefusedException">The worker failed.</exception>
    public async Task<List<Partition>> FindAsync(Schema columns, IReadOnlyList<PlannedFile> files, CancellationToken cancellationToken)
    {
        var column = new TaskColumn(columns[0].Name, columns[0].Type);
        var taskFiles = files.Select(file => new TaskFile(file.Path, file.Length, file.ETag, file.DataEnd, [file.Columns[0]],
            [.. file.RowGroups.Where(group => !group.PrunedByWhere).Select(group => new RowGroup(group.Ordinal, group.Rows, file.Columns[0] is null ? [] : [group.Chunks[0]]))])
        { Constants = file.Constants?.Take(1).ToList() }).ToList();
        var inputs = ReduceRunner.InputsHash(taskFiles.Select(file => (file.Path, file.ETag, file.RowGroups.Select(group => group.Ordinal))))[..16];
        Receipt = await ReadReceiptAsync(inputs, cancellationToken);
        // An earlier drive may have found them, in the same files.
        if (Receipt?.Part is { } found && await IsThereAsync(found, cancellationToken)) return await ReadAsync(found, column, cancellationToken);
        var receipt = await isolation.RunAsync(new WorkerTask
        {
            RunId = paths.RunId,
            TaskId = "discovery",
            Data = dataLocation,
            State = stateLocation,
            Output = paths.Discovery(inputs),
            Memory = limits.Memory.Bytes,
            Scratch = scratch,
            Metadata = new SortedDictionary<string, string>(StringComparer.Ordinal),
            Reduce = new ReduceWork([column], null, null, new TaskReduction([0], [new Aggregate("rows", AggregateFunction.Len, -1)], null, [], null), taskFiles),
        }, limits.Timeout, static _ => { }, cancellationToken);
        Receipt = receipt;
        if (receipt.Failure is { } failure)
            throw new PlanRefusedException(failure.Code, $"The values of '{column.Name}' can't be found: {MemoryFailure.Advised(failure)}", failure.File) { Outcome = receipt.Outcome };
        if (receipt.Part is not { } part) return [];
        await state.PutAsync(paths.DiscoveryReceipt(inputs), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt), PutCondition.None, cancellationToken);
        return await ReadAsync(part, column, cancellationToken);
    }

    async Task<TaskReceipt?> ReadReceiptAsync(string inputs, CancellationToken cancellationToken) =>
        await state.ReadAllAsync(paths.DiscoveryReceipt(inputs), MaxReceipt, cancellationToken) is { } json
            ? StoredJson.Read(json, WorkflowJson.Default.TaskReceipt, WorkerTask.CurrentVersion, "receipt", paths.RunId) : null;

    async Task<bool> IsThereAsync(PartReference part, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(part.Path, cancellationToken);
        return reader?.Properties.ETag == part.ETag;
    }

    async Task<List<Partition>> ReadAsync(PartReference part, TaskColumn column, CancellationToken cancellationToken)
    {
        await using var reader = await state.OpenAsync(part.Properties, cancellationToken);
        var source = new ObjectSource(reader, new Traffic());
        await using var rows = new ColumnBatchReader(source, await FooterReader.ReadAsync(source, cancellationToken), new Schema([column.ToField(), new Field("rows", DataType.Int64)]), new Buffers(new MemoryAccount(limits.Memory.Bytes)));
        var partitions = new List<Partition>();
        await foreach (var batch in rows.ReadAsync(8192, cancellationToken))
        {
            for (var row = 0; row < batch.Rows; row++) partitions.Add(Partition.Of(batch.Columns[0][row], (long)batch.Columns[1][row].IntegerValue));
        }
        return partitions;
    }
}
