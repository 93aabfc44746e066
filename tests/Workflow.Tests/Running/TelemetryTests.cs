using System.Diagnostics;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Spans and metrics as an exporter gets them. No other test runs meanwhile: their runs would be counted too.</summary>
[Collection(nameof(TelemetryTests))]
[CollectionDefinition(nameof(TelemetryTests), DisableParallelization = true)]
public class TelemetryTests
{
    const int Partitions = 4, Rows = 10;

    static async Task<(List<Activity> Spans, Dictionary<string, Metric> Metrics, RunSummary Summary, IReadOnlyList<WorkerTask> Tasks)> RunAsync(Func<WorkerTask, int, TaskReceipt?> script)
    {
        var (spans, metrics, tasks) = (new List<Activity>(), new List<Metric>(), new List<WorkerTask>());
        using var traces = Sdk.CreateTracerProviderBuilder().AddSource(Telemetry.Name).AddInMemoryExporter(spans).Build();
        using var meters = Sdk.CreateMeterProviderBuilder().AddMeter(Telemetry.Name).AddInMemoryExporter(metrics).Build();
        var harness = new RunHarness(ScriptedIsolation.Of((task, attempt) =>
        {
            lock (tasks) tasks.Add(task);
            return script(task, attempt);
        }));
        await harness.WriteDataAsync(Partitions, Rows);
        var summary = await harness.DriveAsync("traced", RunHarness.Spec("""{ "parallel": 2, "retries": 1 }"""));
        Assert.True(traces.ForceFlush());
        Assert.True(meters.ForceFlush());
        return (spans, metrics.ToDictionary(metric => metric.Name), summary, tasks);
    }

    [Fact]
    public async Task Run_Traced_IsATreeOfRunTasksAndWorkers()
    {
        var (spans, _, _, tasks) = await RunAsync((task, attempt) => ScriptedIsolation.PartitionOf(task) == 1 && attempt == 1 ? ScriptedIsolation.Failed(task, TaskOutcome.Transient) : null);

        var run = Assert.Single(spans, span => span.DisplayName == "run");
        Assert.Equal(("traced", "succeeded"), (run.GetTagItem("fanfold.run.id"), run.GetTagItem("fanfold.status")));
        Assert.All(spans, span => Assert.Equal(run.TraceId, span.TraceId));
        Assert.All(spans, span => Assert.Equal("traced", span.GetTagItem("fanfold.run.id")));
        string[] below = ["plan", "task", "combine", "commit"];
        Assert.All(below, name => Assert.All(spans.Where(span => span.DisplayName == name), span => Assert.Equal(run.SpanId, span.ParentSpanId)));
        Assert.Equal(["combine", "commit", "plan", .. Enumerable.Repeat("task", Partitions + 1)], spans.Select(span => span.DisplayName).Where(below.Contains).Order());
        // Discovery and combine have a worker too.
        var workers = spans.Where(span => span.DisplayName == "worker").ToList();
        Assert.Equal(Partitions + 3, workers.Count);
        Assert.All(workers, worker => Assert.Contains(spans, span => span.SpanId == worker.ParentSpanId && span.DisplayName is "plan" or "task" or "combine"));
        Assert.Equal(workers.Select(worker => worker.Id).Order(), tasks.Select(task => task.TraceParent).Order());
        var failed = Assert.Single(spans, span => span is { DisplayName: "task", Status: ActivityStatusCode.Error });
        Assert.Equal(("1", 1, "transient"), (failed.GetTagItem("fanfold.partition"), failed.GetTagItem("fanfold.attempt"), failed.GetTagItem("fanfold.outcome")));
    }

    [Fact]
    public async Task Run_Measured_CountsWhatItsSummaryCounts()
    {
        var (_, metrics, summary, _) = await RunAsync(static (_, _) => null);

        Assert.Equal(("By", summary.BytesRead), (metrics["fanfold.bytes.read"].Unit, Sum("fanfold.bytes.read")));
        // Discovery decodes the partition column, combining the rows of the parts.
        Assert.Equal(2 * Partitions * Rows + summary.RowsOut, Sum("fanfold.rows.decoded"));
        Assert.Equal((summary.RowGroups.Matched, summary.RowGroups.Pruned), (Sum("fanfold.row_groups", "matched"), Sum("fanfold.row_groups", "pruned")));
        Assert.Equal((1, 1), (Sum("fanfold.runs", "succeeded"), Count("fanfold.run.duration")));
        Assert.Equal((Partitions, Partitions + 2), (Count("fanfold.task.duration"), Count("fanfold.worker.duration")));
        Assert.Equal(("s", "{worker}"), (metrics["fanfold.task.duration"].Unit, metrics["fanfold.workers.active"].Unit));
        Assert.Equal(0, Sum("fanfold.workers.active"));
        string[] unbounded = ["fanfold.run.id", "fanfold.task.id", "fanfold.partition"];
        Assert.All(metrics.Keys, name => Assert.All(Points(name).SelectMany(Tags), tag => Assert.DoesNotContain(tag.Key, unbounded)));

        long Sum(string name, string? tagged = null) => Points(name).Where(point => tagged is null || Tags(point).Any(tag => Equals(tag.Value, tagged))).Sum(static point => point.GetSumLong());
        long Count(string name) => Points(name).Sum(static point => point.GetHistogramCount());

        List<MetricPoint> Points(string name)
        {
            var points = new List<MetricPoint>();
            foreach (ref readonly var point in metrics[name].GetMetricPoints()) points.Add(point);
            return points;
        }

        static List<KeyValuePair<string, object?>> Tags(MetricPoint point)
        {
            var tags = new List<KeyValuePair<string, object?>>();
            foreach (var tag in point.Tags) tags.Add(tag);
            return tags;
        }
    }

    /// <summary>What nothing listens to makes no spans, and workers are told of none.</summary>
    [Fact]
    public async Task Run_NothingListens_TellsWorkersOfNoTrace()
    {
        var tasks = new List<WorkerTask>();
        var harness = new RunHarness(ScriptedIsolation.Of((task, _) =>
        {
            lock (tasks) tasks.Add(task);
            return null;
        }));
        await harness.WriteDataAsync(1);

        await harness.DriveAsync("r", RunHarness.Spec());

        Assert.All(tasks, static task => Assert.Null(task.TraceParent));
    }
}
