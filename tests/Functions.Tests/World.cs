using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanfold.Functions.Tests;

/// <summary>The app over stores in memory, its tasks in this process, and Durable beside it.</summary>
sealed class World
{
    public const string Output = "results/out.parquet";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public MemoryObjectStore Store { get; } = new();

    public App App { get; }

    public FakeDurable Durable { get; }

    public World()
    {
        var settings = new AppSettings(new StoreLocation("/data"), new StoreLocation("/state"), new HostCapacity(4) { WorkersHere = 1 }, null);
        App = new App(settings, Store, Store, new InProcessIsolation(Store, Store), "dotnet", TimeProvider.System, NullLogger<App>.Instance);
        Durable = new FakeDurable(new Activities(App));
    }

    /// <summary>One file with two rows for each value of ff from 0, in row groups of a value each.</summary>
    public async Task WriteDataAsync(int partitions)
    {
        var schema = new Schema([new Field("ff", DataType.Int32), new Field("amount", DataType.Int64)]);
        using var content = new MemoryStream();
        using var writer = new ParquetFileWriter(schema, content, new Dictionary<string, string>());
        for (var value = 0; value < partitions; value++)
        {
            var columns = schema.Fields.Select(static field => Column.Create(field.Type)).ToArray();
            for (var row = 0; row < 2; row++)
            {
                ((Column<int>)columns[0]).Append(value);
                ((Column<long>)columns[1]).Append(value * 10 + row);
            }
            writer.WriteRowGroup(columns);
        }
        writer.Complete();
        await Store.PutAsync("lake/a.parquet", content.ToArray(), PutCondition.None, Cancellation);
    }

    public static RunSpec Spec(string limits = "{}", string output = Output) => SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes($$"""
        { "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff" }, "reduce": { "aggregates": { "total": "sum(amount)" } }, "output": { "path": "{{output}}" }, "limits": {{limits}}, "strategy": "perPartition" }
        """)).Spec!;

    /// <summary>Starts a run as the API does; its drive's instance.</summary>
    public async Task<string> StartAsync(string runId, RunSpec spec)
    {
        Assert.IsType<RunStart.Ready>(await RunStarter.StartAsync(Store, runId, spec, fresh: false, RunOrigin.Command, TimeProvider.System, Cancellation));
        await App.Api(Durable).Host.DriveAsync(runId, Cancellation);
        return Assert.Single(Durable.Scheduled, instance => instance == runId);
    }

    public async Task<RunSummary> RunAsync(string runId, RunSpec spec)
    {
        await Durable.RunAsync(await StartAsync(runId, spec));
        return (await RecordAsync(runId)).Summary!;
    }

    public async Task<RunRecord> RecordAsync(string runId) => (await RunStarter.ReadRecordAsync(Store, runId, TimeProvider.System, Cancellation))!;

    public async Task<byte[]?> ReadAsync(string path) => await Store.ReadAllAsync(path, 1 << 24, Cancellation);
}
