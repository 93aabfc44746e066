using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fanfold.Engine.Columns;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using ColumnChunk = Fanfold.Engine.Parquet.ColumnChunk;
using CompressionCodec = Fanfold.Engine.Parquet.CompressionCodec;

namespace Fanfold.EndToEnd.Tests.Page;

/// <summary>The state of a run that nobody ran, written as the product writes it: every 17th partition is empty, every 997th failed.</summary>
static class SeededRun
{
    const long ChunkBytes = 3 << 20;

    static readonly DateTimeOffset Start = new(2026, 3, 1, 9, 30, 0, TimeSpan.Zero);

    public static bool IsEmpty(int partition) => partition % 17 == 0;

    public static bool IsFailed(int partition) => partition % 997 == 5;

    /// <param name="valueOf">The partition's value by its index.</param>
    public static async Task WriteAsync(IObjectStore store, string id, int partitions, Func<int, string> valueOf, string failure, CancellationToken cancellationToken)
    {
        var paths = new RunPaths(id);
        var spec = SpecParser.Parse(Encoding.UTF8.GetBytes(Fanfold.Spec("lake/large", "ff", """{ "aggregates": { "n": "len()" } }""", "results/large.parquet").ToJsonString())).Spec!;
        await PutAsync(paths.Spec, Encoding.UTF8.GetBytes(spec.ToJson()));
        await WritePlanAsync();
        var random = new Random(7);
        long at = 0;
        for (var i = 0; i < partitions; i++)
        {
            var elapsed = 40 + random.Next(160);
            var receipt = new TaskReceipt
            {
                TaskId = TaskId(i), Outcome = IsFailed(i) ? TaskOutcome.BadData : TaskOutcome.Done, RowGroups = 1, RowsDecoded = 2000, RowsInPartition = 2000, RowsSelected = IsEmpty(i) ? 0 : 1500, BytesRead = ChunkBytes, Requests = 2,
                PeakMemory = 40 + random.Next(60) << 20, ElapsedMs = elapsed, Attempt = i % 50 == 0 ? 2 : 1, StartedAt = Start.AddMilliseconds(at), Driver = "seeded",
                Part = IsEmpty(i) || IsFailed(i) ? null : new PartReference(paths.Part(TaskId(i)), "e", "h", 1 + i % 5, 900),
                Failure = IsFailed(i) ? TaskFailure.Of("bad-page", failure, $"lake/large/{i % 4}.parquet") : null,
            };
            at += elapsed / 16;
            await PutAsync(IsFailed(i) ? paths.Failure(TaskId(i)) : paths.Receipt(TaskId(i)), JsonSerializer.SerializeToUtf8Bytes(receipt, WorkflowJson.Default.TaskReceipt));
        }
        var (failed, empty) = (Enumerable.Range(0, partitions).Count(IsFailed), Enumerable.Range(0, partitions).Count(i => IsEmpty(i) && !IsFailed(i)));
        var summary = new RunSummary(id, RunStatus.Failed, new PartitionCounts(partitions, partitions - failed - empty, empty, failed), new TaskCounts(partitions, partitions - failed, failed, 0),
            new RowGroupCounts(partitions, partitions, (long)partitions * (partitions - 1)), 2000L * partitions, 0, ChunkBytes * partitions, ChunkBytes * partitions * (partitions - 1), 2 * partitions, 99 << 20, 90 << 20, at, "perPartition", null, null,
            [.. Enumerable.Range(0, partitions).Where(IsFailed).Take(100).Select(i => new RunError("bad-page", $"partition {valueOf(i)}: {failure}", valueOf(i), $"lake/large/{i % 4}.parquet"))]);
        var record = new RunRecord { RunId = id, SpecHash = spec.ComputeHash(), Status = RunStatus.Failed, StartedAt = Start, EndedAt = Start.AddMilliseconds(at), Summary = summary };
        await PutAsync(paths.Status, JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord));

        async Task WritePlanAsync()
        {
            using var lines = new MemoryStream();
            var offsets = new List<long> { 0 };
            for (var i = 0; i < partitions; i++)
            {
                lines.Write(JsonSerializer.SerializeToUtf8Bytes(new TaskSlice(i, TaskId(i), valueOf(i), valueOf(i), [new RowGroupRun(0, i, i + 1)], "inputs", 2000, 2000) { ForecastMemory = 90 << 20 }, WorkflowJson.Default.TaskSlice));
                lines.WriteByte((byte)'\n');
                offsets.Add(lines.Length);
            }
            var hash = Convert.ToHexStringLower(SHA256.HashData(lines.ToArray()))[..16];
            await PutAsync(paths.PlanSlices(hash), lines.ToArray());
            var chunk = new ColumnChunk(CompressionCodec.Zstd, 4, ChunkBytes, 2 * ChunkBytes, 2000, false, null, null, null, false, null);
            var file = new PlannedFile("lake/large/0.parquet", "e", ChunkBytes * partitions, 2000L * partitions, ChunkBytes * partitions, [], [.. Enumerable.Range(0, partitions).Select(i => new PlannedRowGroup(i, 2000, false, [chunk]))]);
            var header = new PlanHeader
            {
                SpecHash = spec.ComputeHash(), EngineVersion = "0.1.0", Strategy = "perPartition", StrategyReason = "each partition has its own row groups", Columns = [new TaskColumn("ff", DataType.String), new TaskColumn("amount", DataType.Double)],
                ResultColumns = [new TaskColumn("ff", DataType.String), new TaskColumn("n", DataType.Int64)], Reduction = new TaskReduction(null, null, [], [], null), Files = [file], Discovered = true, RowsAfterWhere = 2000L * partitions,
                RowsTotal = 2000L * partitions, RowGroupsTotal = partitions, Totals = new PlanTotals(partitions, (long)partitions * (partitions - 1), ChunkBytes * partitions, ChunkBytes * partitions * (partitions - 1), 2), SlicesHash = hash, SliceOffsets = offsets,
            };
            await PutAsync(paths.PlanHeader, JsonSerializer.SerializeToUtf8Bytes(header, WorkflowJson.Default.PlanHeader));
        }

        Task PutAsync(string path, byte[] content) => store.PutAsync(path, content, PutCondition.None with { IsVolatile = true }, cancellationToken);
    }

    static string TaskId(int i) => string.Create(CultureInfo.InvariantCulture, $"t{i:D5}");
}
