using System.Text.Json;
using System.Text.Json.Nodes;
using Fanfold.Engine.Columns;
using Fanfold.Worker;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Http.OpenApi;

/// <summary>A document of each schema, written as the API writes it.</summary>
static class OpenApiExamples
{
    static readonly DateTimeOffset Start = new(2026, 3, 1, 9, 30, 0, TimeSpan.Zero);
    static readonly RunProgress Progress = new("reduce", 64, 12, 0, 48_318_208, 3_750_000);

    public static JsonNode Of(string schema) => schema switch
    {
        "RunSpec" => JsonNode.Parse("""
            {
              "version": 1,
              "source": { "path": "lake/trips" },
              "partitionBy": { "column": "ff" },
              "where": "distance > 0",
              "reduce": { "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)" } },
              "output": { "path": "results/trips-by-category.parquet" }
            }
            """)!,
        "RunRecord" => Node(new RunRecord { RunId = "trips-2024", SpecHash = new string('0', 64), Status = RunStatus.Running, StartedAt = Start, HeartbeatAt = Start.AddSeconds(10), Progress = Progress }, WorkflowJson.Default.RunRecord),
        "PageOfRunItem" => Node(new Page<RunItem>([new("trips-2024", RunStatus.Running, Start, null, false, Progress, null)], "http://127.0.0.1:7117/api/runs?maxPageSize=1&continuation=trips-2024"), ApiJson.Default.PageRunItem),
        "PageOfPartitionItem" => Node(new Page<PartitionItem>([new(0, "7", "succeeded", 3, 40_000, 12, 1_048_576, 67_108_864, 58_720_256, 140), new(1, null, "pending", 1)], null), ApiJson.Default.PagePartitionItem),
        "HealthDocument" => Node(new HealthDocument("healthy", "0.1.0", "native", new StoreHealth(true, null), new StoreHealth(true, null)), ApiJson.Default.HealthDocument),
        "PlanDocument" => Node(new PlanDocument(
            new string('0', 64), "perPartition", "the only strategy of this build", 8, 20_000_000, 64, 64, new RowGroupCounts(640, 640, 40_320), 402_653_184, 25_165_824_000, 536_870_912, 92_274_688,
            [new TaskColumn("ff", DataType.Int32), new TaskColumn("amount", DataType.Double)], [new TaskColumn("ff", DataType.Int32), new TaskColumn("total", DataType.Double)],
            [new PlannedPartition("0", 312_500, 10, 6_291_456, 92_274_688)]), WorkflowJson.Default.PlanDocument),
        "Manifest" => Node(new Manifest
        {
            RunId = "trips-2024", SpecHash = new string('0', 64), EngineVersion = "0.1.0", Status = RunStatus.Succeeded, Result = new ManifestResult("results/trips-by-category.parquet", ResultFormat.Parquet, "0x8DCA", new string('1', 64), 12, 4_096),
            Columns = [new TaskColumn("ff", DataType.Int32), new TaskColumn("total", DataType.Double)], Partitions = [new ManifestPartition("7", "succeeded", 40_000, 12, new string('2', 64)), new ManifestPartition(null, "empty", 3, 0, null)],
            Proof = new CompletenessProof("complete", 2, 40_003, 40_003, 40_003, 12), Inputs = [new ManifestInput("lake/trips/0.parquet", "0x8DC9", 6_291_456, 40_003)],
        }, WorkflowJson.Default.Manifest),
        _ => throw new ArgumentOutOfRangeException(nameof(schema), schema, "There is no example."),
    };

    static JsonNode Node<T>(T document, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => JsonSerializer.SerializeToNode(document, type)!;
}
