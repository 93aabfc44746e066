using System.IO.Hashing;
using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Engine.Scan;
using Fanfold.Engine.Spill;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Scans the row groups of a task in plan order, reduces them, and writes the part.</summary>
public static class ReduceRunner
{
    public static async Task<TaskReceipt> RunAsync(WorkerTask task, ReduceWork work, IObjectStore data, IObjectStore state, ReducerSet reducers, ScratchSpace scratch, Action<long> progress, CancellationToken cancellationToken)
    {
        var buffers = new Buffers(WorkerMemory.Account(task.Memory));
        var rows = new TaskRows(work);
        var reduction = new TaskReducer(work, rows, reducers, new SpillSpace(scratch, buffers.Account));
        var reducer = reduction.Reducer;
        using var spool = new Spool(HashKind.Xxh3, scratch);
        using var part = new ParquetTable(reduction.PartSchema, spool, task.Metadata, RowGroupLimits.Part, buffers.Account);
        reducer.Ready = batch => part.Append(batch.Columns, 0, batch.Rows);
        var traffic = new Traffic();
        var counts = default(ScanCounts);
        var pruned = new PruningCounts();
        var rowGroups = 0;
        var startRow = work.Piece?.StartRow ?? 0;
        foreach (var file in work.Files)
        {
            await using var reader = await data.OpenAsync(new ObjectProperties(file.Path, file.Length, file.ETag), cancellationToken);
            await using var scan = new RowGroupScan(
                new ObjectSource(reader, traffic), file.ColumnsOf(rows.Source), file.DataEnd, rows.Partition, rows.Where, reducer, buffers, pruned,
                startRow: startRow, derived: rows.Derived);
            startRow += file.RowGroups.Sum(group => group.Rows);
            var next = 0;
            await foreach (var scanned in scan.ScanAsync(file.RowGroups, cancellationToken))
            {
                var group = file.RowGroups[next++];
                if (scanned.RowsDecoded + scanned.RowsPruned != group.Rows)
                    throw new ParquetDataException(ParquetDefect.Corrupt, $"{scanned.RowsDecoded} rows were decoded and {scanned.RowsPruned} pruned, the footer counts {group.Rows}").At(file.Path, group.Ordinal);
                counts += scanned;
                rowGroups++;
                progress(counts.RowsDecoded);
                reducer.EndRowGroup();
            }
        }
        foreach (var columns in reduction.Finish()) part.Append(columns, 0, columns[0].Length);
        part.Complete();
        var (written, adopted) = part.Rows == 0 ? (null, false) : await PartWriter.PutAsync(state, task.Output, spool, part.Rows, cancellationToken);
        return new TaskReceipt
        {
            TaskId = task.TaskId,
            Outcome = TaskOutcome.Done,
            Part = written,
            NondeterministicPart = adopted,
            InputsHash = InputsHash(work.Files.Select(file => (file.Path, file.ETag, file.RowGroups.Select(group => group.Ordinal)))),
            RowGroups = rowGroups,
            RowsDecoded = counts.RowsDecoded,
            RowsPruned = counts.RowsPruned,
            Pruned = pruned.Any ? PrunedWork.Of(pruned) : null,
            RowsInPartition = counts.RowsInPartition,
            RowsSelected = counts.RowsSelected,
            BytesRead = traffic.Bytes,
            Requests = traffic.Requests,
            ScratchBytes = scratch.Peak,
        };
    }

    /// <summary>The digest that both the plan and the receipt hold: which versions of which files were read, and which row groups of them.</summary>
    public static string InputsHash(IEnumerable<(string Path, string ETag, IEnumerable<int> RowGroups)> inputs)
    {
        var hash = new XxHash128();
        foreach (var (path, etag, rowGroups) in inputs)
            hash.Append(System.Text.Encoding.UTF8.GetBytes($"{path.Length}:{path}{etag.Length}:{etag}{string.Join(',', rowGroups)};"));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
