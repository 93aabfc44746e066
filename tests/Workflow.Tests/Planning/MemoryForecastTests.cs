using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Planning;

public class MemoryForecastTests
{
    const int RowsInGroup = 4000;
    const long MiB = 1 << 20;
    const string Len = """ "aggregates": { "n": "len()" } """;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly Schema Schema = new(
    [
        new("ff", DataType.Int32), new("few", DataType.String), new("all", DataType.String), new("number", DataType.Int64), new("inOrder", DataType.Int64), new("flag", DataType.Bool), new("sorted", DataType.Int32), new("sortedText", DataType.String),
    ]);

    /// <summary>Two files of two row groups each, by file: ff is 0 and 1.</summary>
    static async Task<MemoryObjectStore> CreateAsync()
    {
        var store = new MemoryObjectStore();
        for (var file = 0; file < 2; file++)
        {
            using var content = new MemoryStream();
            using var writer = new ParquetFileWriter(Schema, content, new Dictionary<string, string>());
            for (var group = 0; group < 2; group++)
            {
                var columns = Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
                for (var row = 0; row < RowsInGroup; row++)
                {
                    var place = (file * 2 + group) * RowsInGroup + row;
                    var scattered = (int)((uint)place * 2654435761 % 1000);
                    ((Column<int>)columns[0]).Append(file);
                    ((BytesColumn)columns[1]).Append(System.Text.Encoding.UTF8.GetBytes($"value {scattered % 50:D4}"));
                    ((BytesColumn)columns[2]).Append(System.Text.Encoding.UTF8.GetBytes($"{scattered:D4} of {place:D8}"));
                    ((Column<long>)columns[3]).Append(scattered);
                    ((Column<long>)columns[4]).Append(place / 100);
                    ((Column<byte>)columns[5]).Append((byte)(place % 2));
                    ((Column<int>)columns[6]).Append(place / 300);
                    ((BytesColumn)columns[7]).Append(System.Text.Encoding.UTF8.GetBytes($"key {place / 300:D4}"));
                }
                writer.WriteRowGroup(columns);
            }
            writer.Complete();
            await store.PutAsync($"lake/{file}.parquet", content.ToArray(), PutCondition.None, Cancellation);
        }
        return store;
    }

    /// <summary>Counted high, and not absurdly so: by dictionaries, by the range of whole numbers, by bounds that do not overlap, or only touch, and by rows where nothing tells.</summary>
    [Theory]
    [InlineData("few", 50, 1.3)]
    [InlineData("all", 16_000, 1.01)]
    [InlineData("number", 1000, 1.01)]
    [InlineData("inOrder", 160, 1.1)]
    [InlineData("flag", 2, 1.5)]
    [InlineData("derived", 50, 1.3)]
    [InlineData("sorted", 54, 1.1)]
    [InlineData("sortedText", 54, 2)]
    public async Task Distinct_OfAColumn_IsCountedByItsFooters(string column, int distinct, double most)
    {
        var store = await CreateAsync();
        var spec = SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes($$"""
            { "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff" }, "derive": { "derived": "upper(few)" },
              "reduce": { "groupBy": ["{{column}}"], {{Len}} }, "output": { "path": "out/a.parquet" } }
            """)).Spec!;
        var files = await FooterCatalog.ReadAsync(store, "lake", [.. await store.ListAsync("lake", Cancellation).ToListAsync(Cancellation)], new Traffic(), Cancellation);
        var resolved = ColumnResolution.Resolve(spec, files, null);

        var estimate = new DistinctEstimate(resolved, files, new BoundsTable(resolved, files)).Of(resolved.Reduction.Keys![0]);

        Assert.InRange(estimate, distinct, distinct * most);
    }

    static async Task<List<TaskSlice>> PlanAsync(string reduce, long idle = 15 * MiB, string limits = "{}")
    {
        var store = await CreateAsync();
        var harness = new RunHarness(inner => new IdleIsolation(inner, idle), store: store);
        Assert.Null((await harness.PlanAsync("r", RunHarness.SpecOf(reduce, limits))).Errors);
        var plans = new PlanStore(store, new RunPaths("r"));
        return await plans.ReadSlicesAsync((await plans.ReadHeaderAsync(Cancellation))!, Cancellation);
    }

    sealed class IdleIsolation(ITaskIsolation inner, long idle) : ITaskIsolation
    {
        public long IdleMemory => idle;

        public Task<TaskReceipt> RunAsync(WorkerTask task, TimeSpan deadline, Action<long> onHeartbeat, CancellationToken cancellationToken) => inner.RunAsync(task, deadline, onHeartbeat, cancellationToken);
    }

    [Fact]
    public async Task Forecast_OfMoreGroups_IsMore()
    {
        var few = (await PlanAsync($$"""{ "groupBy": ["few"], {{Len}} }"""))[0].ForecastMemory;
        var many = (await PlanAsync($$"""{ "groupBy": ["all"], {{Len}} }"""))[0].ForecastMemory;

        Assert.InRange(few, 15 * MiB, 30 * MiB);
        // A key of 16 bytes, its places in two tables, its count.
        Assert.InRange((many - few) / (2 * RowsInGroup), 40, 400);
    }

    [Theory]
    [InlineData("""{ "aggregates": { "n": "n_unique(all)" } }""")]
    [InlineData("""{ "aggregates": { "n": "median(number)" } }""")]
    [InlineData("""{ "groupBy": ["all"], "aggregates": { "n": "std(number)" } }""")]
    [InlineData("""{ "select": ["all", "number"], "sort": ["all"] }""")]
    public async Task Forecast_OfWhatIsHeldPerRow_GrowsWithTheRows(string reduce)
    {
        var slices = await PlanAsync(reduce);
        var nothing = (await PlanAsync($$"""{ {{Len}} }"""))[0].ForecastMemory;

        Assert.All(slices, slice => Assert.InRange(slice.ForecastMemory - nothing, 2 * RowsInGroup * 12, 2 * RowsInGroup * 1000));
    }

    [Fact]
    public async Task Forecast_BeyondTheCap_IsTheCap()
    {
        Assert.All(await PlanAsync($$"""{ "groupBy": ["all"], {{Len}} }""", idle: 63 * MiB, """{ "memory": "64MiB" }"""), slice => Assert.Equal(64 * MiB, slice.ForecastMemory));
    }
}
