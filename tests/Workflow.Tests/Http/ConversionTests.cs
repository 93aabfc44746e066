using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;
using Fanfold.Engine.Parquet;
using Fanfold.LocalHost.Serving;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Running;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Fanfold.Workflow.Tests.Http;

public sealed class ConversionTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static async Task<ServedApi> StartAsync(string stored, IReadOnlyList<Column[]> groups)
    {
        var harness = new RunHarness();
        await harness.Store.PutAsync("lake/a.parquet", TypedRows.Parquet(groups), PutCondition.None, Cancellation);
        var api = await ServedApi.StartAsync(harness);
        var output = stored == "hive" ? """{ "path": "results/out", "layout": "hive" }""" : $$"""{ "path": "results/out.{{stored}}" }""";
        var names = string.Join(", ", TypedRows.Schema.Fields.Skip(1).Select(field => $"\"{field.Name}\""));
        await api.PutAsync("/api/runs/one", $$"""{ "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "key" }, "reduce": { "select": [{{names}}] }, "output": {{output}} }""");
        var ended = await api.EndAsync("one");
        Assert.True(ended.GetProperty("status").GetString() == "succeeded", ended.GetRawText());
        return api;
    }

    [Theory]
    [InlineData("parquet", "json")]
    [InlineData("parquet", "csv")]
    [InlineData("parquet", "parquet")]
    [InlineData("csv", "json")]
    [InlineData("csv", "csv")]
    [InlineData("csv", "parquet")]
    [InlineData("hive", "json")]
    [InlineData("hive", "csv")]
    [InlineData("hive", "parquet")]
    public async Task Result_StoredInAnyFormat_IsGivenInAny(string stored, string asked)
    {
        var groups = TypedRows.Groups(40);
        await using var api = await StartAsync(stored, groups);
        var reply = await api.GetAsync($"/api/runs/one/result?format={asked}");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        var format = DownloadFormat.All.Single(format => format.Word == asked);
        Assert.Equal(format.ContentType, reply.Header("Content-Type"));
        Assert.Equal($"attachment; filename=\"one.{asked}\"", reply.Header("Content-Disposition"));
        switch (asked)
        {
            case "parquet": Assert.Equal(TypedRows.Exact(groups), await ExactAsync(reply.Body)); break;
            case "csv": Assert.Equal(Csv(groups), reply.Body); break;
            default: AssertJson(groups, reply.Json); break;
        }

        var isStored = stored == asked;
        Assert.Equal(isStored ? "bytes" : "none", reply.Header("Accept-Ranges"));
        Assert.Equal(isStored, reply.Header("Content-Length") is not null);
        var etag = reply.Header("ETag")!;
        Assert.Equal(!isStored, etag.StartsWith("W/", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotModified, (await api.GetAsync($"/api/runs/one/result?format={asked}", ("If-None-Match", etag))).Status);
        // No other format is taken for this one, and no part of what was converted is given.
        foreach (var other in DownloadFormat.All.Where(other => other.Word != asked))
            Assert.Equal(HttpStatusCode.OK, (await api.GetAsync($"/api/runs/one/result?format={other.Word}", ("If-None-Match", etag))).Status);
        Assert.Equal(isStored ? HttpStatusCode.PartialContent : HttpStatusCode.OK, (await api.GetAsync($"/api/runs/one/result?format={asked}", ("Range", "bytes=0-3"))).Status);
    }

    [Theory]
    [InlineData(null, "parquet")]
    [InlineData("*/*", "parquet")]
    [InlineData("text/html, */*;q=0.8", "parquet")]
    [InlineData("application/json", "json")]
    [InlineData("text/csv", "csv")]
    [InlineData("TEXT/CSV; q=0.5, application/json;q=0.1", "csv")]
    [InlineData("text/csv;q=0, application/json", "json")]
    [InlineData("application/vnd.apache.parquet, text/csv", "parquet")]
    [InlineData("image/png", "parquet")]
    [InlineData("text/c", "parquet")]
    [InlineData("application/j;q=1, text/csv;q=0.1", "csv")]
    [InlineData("\"\"\";;", "parquet")]
    public async Task Result_WithoutFormat_IsWhatTheCallerAccepts(string? accept, string expected)
    {
        await using var api = await StartAsync("parquet", TypedRows.Groups(1));
        var reply = await api.GetAsync("/api/runs/one/result", accept is null ? [] : [("Accept", accept)]);
        Assert.EndsWith($".{expected}\"", reply.Header("Content-Disposition"), StringComparison.Ordinal);
        Assert.Equal("Accept", reply.Header("Vary"));
    }

    [Theory]
    [InlineData("format=hive")]
    [InlineData("format=")]
    [InlineData("format")]
    [InlineData("format=JSON")]
    [InlineData("format=csv&format=csv")]
    [InlineData("format=%00")]
    public async Task Result_InAnUnknownFormat_IsRefused(string query)
    {
        await using var api = await StartAsync("parquet", TypedRows.Groups(1));
        Assert.Equal("invalid-query", (await api.GetAsync($"/api/runs/one/result?{query}")).Refusal(HttpStatusCode.BadRequest));
    }

    [Theory]
    [InlineData("parquet")]
    [InlineData("csv")]
    [InlineData("hive")]
    public async Task Result_WithoutRows_IsStillOne(string stored)
    {
        var harness = new RunHarness();
        await harness.WriteDataAsync(2);
        await using var api = await ServedApi.StartAsync(harness);
        var output = stored == "hive" ? """{ "path": "results/out", "layout": "hive" }""" : $$"""{ "path": "results/out.{{stored}}" }""";
        await api.PutAsync("/api/runs/none", $$"""{ "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff" }, "where": "amount < 0", "reduce": { "select": ["amount"] }, "output": {{output}} }""");
        Assert.Equal("succeeded", (await api.EndAsync("none")).GetProperty("status").GetString());
        Assert.Equal("[]\n"u8.ToArray(), (await api.GetAsync("/api/runs/none/result?format=json")).Body);
        Assert.Equal("ff,amount\n"u8.ToArray(), (await api.GetAsync("/api/runs/none/result?format=csv")).Body);
        var source = new BytesSource((await api.GetAsync("/api/runs/none/result?format=parquet")).Body);
        Assert.Equal(0, (await FooterReader.ReadAsync(source, Cancellation)).Rows);
    }

    [Theory]
    [InlineData("parquet")]
    [InlineData("csv")]
    [InlineData("hive")]
    public async Task Result_ThatWasReplaced_IsNoPartOfAnother(string stored)
    {
        await using var api = await StartAsync(stored, TypedRows.Groups(1));
        foreach (var path in await api.Harness.PathsAsync("results"))
            if (!path.EndsWith(".json", StringComparison.Ordinal)) await api.Harness.Store.PutAsync(path, "another"u8.ToArray(), PutCondition.None, Cancellation);
        Assert.Equal("result-replaced", (await api.GetAsync("/api/runs/one/result?format=json")).Refusal(HttpStatusCode.Gone));
    }

    [Fact]
    public async Task Result_ThatBreaksOff_IsNotTakenForWhole()
    {
        await using var api = await StartAsync("csv", TypedRows.Groups(400));
        var reads = 0;
        api.Harness.Store.Hook = call => !call.TookEffect && call.Operation == StoreOperation.Read && call.Path == "results/out.csv" && ++reads == 20
            ? throw new StorageException(StorageFailure.Unreachable, call.Path, "gone")
            : Task.CompletedTask;
        await Assert.ThrowsAsync<HttpRequestException>(() => api.GetAsync("/api/runs/one/result?format=json"));
        Assert.True(api.Log.TryDequeue(out var line));
        Assert.Matches("^GET /api/runs/one/result, trace id [0-9a-f]{32}: the answer was broken off: .*gone", line);
    }

    [Fact]
    public async Task Result_ThatIsDamaged_IsLoggedWithTheTraceIdOfItsAnswer()
    {
        await using var api = await StartAsync("csv", TypedRows.Groups(1));
        var path = RunPaths.Manifest("results/out.csv");
        var manifest = JsonNode.Parse((await api.Harness.Store.ReadAllAsync(path, 1 << 20, Cancellation))!)!;
        manifest["result"]!["rows"] = 7_000;
        await api.Harness.Store.PutAsync(path, System.Text.Encoding.UTF8.GetBytes(manifest.ToJsonString()), PutCondition.None, Cancellation);
        var reply = await api.GetAsync("/api/runs/one/result?format=json");
        Assert.Equal("result-damaged", reply.Refusal(HttpStatusCode.InternalServerError));
        Assert.True(api.Log.TryDequeue(out var line));
        Assert.StartsWith($"GET /api/runs/one/result, trace id {reply.Json.GetProperty("traceId").GetString()}: result-damaged: ", line, StringComparison.Ordinal);
    }

    /// <summary>As many as may be at once are held up; the next one waits, and is told to come back.</summary>
    [Fact]
    public async Task Result_WhenTooManyAreConverted_IsRefusedForNow()
    {
        await using var api = await StartAsync("csv", TypedRows.Groups(1));
        var (time, open, held) = (new FakeTimeProvider(), new TaskCompletionSource(), new SemaphoreSlim(0));
        api.Harness.Store.Hook = async call =>
        {
            if (call.TookEffect || call.Operation != StoreOperation.Read || call.Path != "results/out.csv") return;
            held.Release();
            await open.Task;
        };
        var context = new ApiContext(api.Harness.Store, api.Harness.Store, new StoreLocation("/data"), new StoreLocation("/state"), api.Harness.Isolation, null!, time, "in process");
        var first = Enumerable.Range(0, Conversion.AtOnce).Select(_ => ConvertAsync(context)).ToList();
        for (var i = 0; i < Conversion.AtOnce; i++) await held.WaitAsync(Cancellation);
        var refused = ConvertAsync(context);
        while (!refused.IsCompleted)
        {
            time.Advance(Turns.Patience);
            await Task.Yield();
        }
        Assert.Equal((StatusCodes.Status503ServiceUnavailable, "busy", "5", ""), await refused);
        open.SetResult();
        Assert.All(await Task.WhenAll(first), answer => Assert.Equal((StatusCodes.Status200OK, "", "", "W/"), answer));
        Assert.Equal((StatusCodes.Status200OK, "", "", "W/"), await ConvertAsync(context));
    }

    static async Task<(int Status, string Code, string RetryAfter, string ETag)> ConvertAsync(ApiContext context)
    {
        var http = new DefaultHttpContext { Request = { QueryString = new QueryString("?format=json") }, Response = { Body = new MemoryStream() } };
        await (await ResultHandlers.GetAsync("one", http, context)).ExecuteAsync(http);
        return (http.Response.StatusCode, http.Response.Headers["x-ms-error-code"].ToString(), http.Response.Headers.RetryAfter.ToString(), string.Concat(http.Response.Headers.ETag.ToString().Take(2)));
    }

    /// <summary>Callers that take the first bytes and no more have all turns, until the time for a slice is up.</summary>
    [Fact]
    public async Task Result_WhoseCallersDoNotRead_IsBrokenOffForThem()
    {
        await using var api = await StartAsync("parquet", TypedRows.Groups(2000));
        var time = new FakeTimeProvider();
        var context = new ApiContext(api.Harness.Store, api.Harness.Store, new StoreLocation("/data"), new StoreLocation("/state"), api.Harness.Isolation, null!, time, "in process");
        await using var server = LocalServer.Create(context, ["http://127.0.0.1:0"], static _ => { });
        await server.StartAsync(Cancellation);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(server.Urls.Single()) };
        var stalled = new List<HttpResponseMessage>();
        for (var i = 0; i < Conversion.AtOnce; i++) stalled.Add(await client.GetAsync("/api/runs/one/result?format=json", HttpCompletionOption.ResponseHeadersRead, Cancellation));
        Assert.Equal(0, context.Conversions.CurrentCount);
        while (context.Conversions.CurrentCount < Conversion.AtOnce)
        {
            time.Advance(Conversion.SlicePatience);
            await Task.Yield();
        }
        foreach (var answer in stalled)
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer.Content.ReadAsByteArrayAsync(Cancellation));
            answer.Dispose();
        }
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/runs/one/result?format=json", Cancellation)).StatusCode);
        await server.StopAsync(Cancellation);
    }

    /// <summary>What was written of the result before it failed is no part of the refusal.</summary>
    [Fact]
    public async Task Result_WhoseLastFileIsGone_IsRefusedWhole()
    {
        await using var api = await StartAsync("hive", TypedRows.Groups(1));
        var files = (await api.Harness.PathsAsync("results/out")).Where(path => path.EndsWith(".parquet", StringComparison.Ordinal)).ToList();
        var manifest = JsonSerializer.Deserialize(await api.Harness.ReadAsync("results/out.manifest.json"), Fanfold.Workflow.Running.WorkflowJson.Default.Manifest)!;
        await api.Harness.Store.DeleteAsync($"results/out/{manifest.Result.Files![^1].Path}", Cancellation);
        Assert.Equal(5, files.Count);
        foreach (var format in DownloadFormat.All)
            Assert.Equal("result-replaced", (await api.GetAsync($"/api/runs/one/result?format={format.Word}")).Refusal(HttpStatusCode.Gone));
    }

    /// <summary>Batch by batch, a result of many times the memory that a conversion may take is read in what one may take.</summary>
    [Theory]
    [InlineData("parquet")]
    [InlineData("csv")]
    [InlineData("hive")]
    public async Task Rows_OfALargeResult_StayWithinTheAccount(string stored)
    {
        const int Rows = 3000;
        await using var api = await StartAsync(stored, TypedRows.Groups(Rows));
        var json = await api.Harness.ReadAsync(stored == "hive" ? "results/out.manifest.json" : $"results/out.{stored}.manifest.json");
        var manifest = JsonSerializer.Deserialize(json, Fanfold.Workflow.Running.WorkflowJson.Default.Manifest)!;
        var account = new MemoryAccount(8 << 20);
        long rows = 0, bytes = 0, largest = 0;
        await foreach (var batch in new ResultRows(api.Harness.Store, manifest, account).ReadAsync(Cancellation))
        {
            rows += batch.Rows;
            bytes += batch.Columns.Sum(column => column is DictionaryColumn coded ? Enumerable.Range(0, batch.Rows).Sum(row => coded.BytesOf(row, 1)) : column.BytesOf(0, batch.Rows));
            largest = Math.Max(largest, account.Held);
        }
        Assert.Equal(5 * Rows, rows);
        Assert.InRange(bytes, 6 * account.Limit, long.MaxValue);
        Assert.InRange(largest, 1, account.Limit);
    }

    /// <summary>A few codes may stand for a text of any size; no more than a slice of it waits to be sent.</summary>
    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    public async Task Result_OfFewBytesAndMuchText_IsSentInSlices(string asked)
    {
        const int Rows = 1500;
        var schema = new Schema([new Field("key", DataType.String), new Field("text", DataType.String)]);
        var columns = schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        for (var row = 0; row < Rows; row++)
        {
            columns[0].Append(Scalar.String("one"));
            columns[1].Append(Scalar.String(new string('x', 64 << 10)));
        }
        using var file = new MemoryStream();
        using (var writer = new ParquetFileWriter(schema, file, new Dictionary<string, string>()))
        {
            writer.WriteRowGroup(columns);
            writer.Complete();
        }
        var harness = new RunHarness();
        await harness.Store.PutAsync("lake/a.parquet", file.ToArray(), PutCondition.None, Cancellation);
        await using var api = await ServedApi.StartAsync(harness);
        await api.PutAsync("/api/runs/one", """{ "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "key" }, "reduce": { "select": ["text"] }, "output": { "path": "results/out.parquet" } }""");
        Assert.Equal("succeeded", (await api.EndAsync("one")).GetProperty("status").GetString());
        var context = new ApiContext(harness.Store, harness.Store, new StoreLocation("/data"), new StoreLocation("/state"), harness.Isolation, null!, TimeProvider.System, "in process");
        var body = new SliceStream();
        var http = new DefaultHttpContext { Request = { QueryString = new QueryString($"?format={asked}") }, Response = { Body = body } };
        await (await ResultHandlers.GetAsync("one", http, context)).ExecuteAsync(http);
        Assert.InRange(body.Length, (long)Rows * (64 << 10), long.MaxValue);
        Assert.InRange(body.LargestSlice, 1, 2 * Conversion.SliceBytes + (1 << 18));
    }

    /// <summary>Counts what is written between two flushes, and keeps nothing.</summary>
    sealed class SliceStream : MemoryStream
    {
        long _slice;
        long _length;

        public long LargestSlice { get; private set; }

        public override long Length => _length;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _length += buffer.Length;
            LargestSlice = Math.Max(LargestSlice, _slice += buffer.Length);
            return ValueTask.CompletedTask;
        }

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            _slice = 0;
            return Task.CompletedTask;
        }
    }

    static byte[] Csv(IReadOnlyList<Column[]> groups)
    {
        using var content = new MemoryStream();
        var writer = new CsvFileWriter(TypedRows.Schema, content);
        foreach (var group in groups) writer.Write(group);
        writer.Complete();
        return content.ToArray();
    }

    static async Task<List<string>> ExactAsync(byte[] file)
    {
        var source = new BytesSource(file);
        await using var reader = new ColumnBatchReader(source, await FooterReader.ReadAsync(source, Cancellation), TypedRows.Schema, new Buffers(new MemoryAccount(1 << 28)));
        var rows = new List<string>();
        await foreach (var batch in reader.ReadAsync(1000, Cancellation)) rows.AddRange(TypedRows.Exact([[.. batch.Columns]]));
        return rows;
    }

    static void AssertJson(IReadOnlyList<Column[]> groups, JsonElement json)
    {
        var expected = groups.SelectMany(group => Enumerable.Range(0, group[0].Length).Select(row => group.Select(column => column[row]).ToArray())).ToList();
        Assert.Equal(expected.Count, json.GetArrayLength());
        foreach (var (row, values) in json.EnumerateArray().Zip(expected))
        {
            Assert.Equal(TypedRows.Schema.Fields.Select(field => field.Name), row.EnumerateObject().Select(property => property.Name));
            foreach (var (property, value) in row.EnumerateObject().Zip(values)) Assert.Equal(TypedRows.Exact(value), TypedRows.Exact(Read(property.Value, value.Type)));
        }
    }

    static Scalar Read(JsonElement json, DataType type) => json.ValueKind switch
    {
        JsonValueKind.Null => Scalar.Null(type),
        JsonValueKind.True or JsonValueKind.False => Scalar.Bool(json.GetBoolean()),
        JsonValueKind.Number => ValueText.Parse(type, json.GetRawText())!.Value,
        _ => ValueText.Parse(type, json.GetString()!)!.Value,
    };

    sealed class BytesSource(byte[] bytes) : IByteSource
    {
        public string Name => "file";

        public long Length => bytes.Length;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            bytes.AsSpan((int)offset, buffer.Length).CopyTo(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
