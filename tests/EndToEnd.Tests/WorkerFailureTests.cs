namespace Fanfold.EndToEnd.Tests;

/// <summary>A worker that is too slow, too big or meets bad data fails its partition, typed, and the run goes on or fails as the spec says.</summary>
public sealed class WorkerFailureTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public WorkerFailureTests() => Directory.CreateDirectory(_fanfold.InStore("lake"));

    public void Dispose() => _fanfold.Dispose();

    static string Spec(string reduce, string limits) => $$"""
        { "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff", "values": [0, 1, 2] }, "reduce": { {{reduce}} },
          "output": { "path": "out/r.parquet" }, "limits": { {{limits}} } }
        """;

    void Write(string name, string sql) => Duck.Execute($"copy ({sql}) to '{_fanfold.InStore($"lake/{name}")}' (format parquet, row_group_size 2048)");

    [Fact]
    public async Task Deadline_FailsTyped_AndNamesThePartition()
    {
        Write("a.parquet", "select (range % 3)::integer as ff, range as x from range(9000)");
        var ended = await _fanfold.RunSpecAsync(Spec(""" "aggregates": { "n": "len()" } """, """ "timeout": "00:00:00.001", "retries": 0, "parallel": 1 """));

        Assert.Equal(1, ended.ExitCode);
        Assert.Equal("failed", ended.Json.GetProperty("status").GetString());
        Assert.Equal(["deadline"], ended.ErrorCodes);
        Assert.Equal("0", ended.Json.GetProperty("errors")[0].GetProperty("partition").GetString());
        Assert.False(Directory.Exists(_fanfold.InStore("out")));
    }

    [Fact]
    public async Task MemoryCap_FailsTyped_AndNamesThePartition()
    {
        Write("a.parquet", "select (range % 3)::integer as ff, 'a long and distinct key of the group ' || range as k from range(1500000)");
        var ended = await _fanfold.RunSpecAsync(Spec(""" "groupBy": ["k"], "aggregates": { "n": "len()" } """, """ "memory": "64MiB", "retries": 0, "parallel": 1 """));

        Assert.Equal(1, ended.ExitCode);
        Assert.Equal(["memory"], ended.ErrorCodes);
        Assert.Equal("0", ended.Json.GetProperty("errors")[0].GetProperty("partition").GetString());
    }

    [Fact]
    public async Task ToleratedFailure_CommitsTheOthers_AndSaysSo()
    {
        for (var ff = 0; ff < 3; ff++) Write($"{ff}.parquet", $"select {ff}::integer as ff, range as x from range(5000)");
        var damaged = await File.ReadAllBytesAsync(_fanfold.InStore("lake/1.parquet"), TestContext.Current.CancellationToken);
        damaged.AsSpan(4, 4000).Clear();
        await File.WriteAllBytesAsync(_fanfold.InStore("lake/1.parquet"), damaged, TestContext.Current.CancellationToken);
        const string reduce = """ "aggregates": { "n": "len()", "s": "sum(x)" } """;

        var strict = await _fanfold.RunSpecAsync(Spec(reduce, """ "toleratedFailures": "0%" """));
        Assert.Equal(1, strict.ExitCode);
        Assert.False(Directory.Exists(_fanfold.InStore("out")));

        var tolerant = await _fanfold.RunSpecAsync(Spec(reduce, """ "toleratedFailures": 1 """));
        Assert.Equal(3, tolerant.ExitCode);
        Assert.Equal("succeededWithFailures", tolerant.Json.GetProperty("status").GetString());
        Assert.Equal("1", tolerant.Json.GetProperty("errors")[0].GetProperty("partition").GetString());
        Assert.Equal("lake/1.parquet", tolerant.Json.GetProperty("errors")[0].GetProperty("file").GetString());
        Assert.Equal(["0 | 5000 | 12497500", "2 | 5000 | 12497500"], Duck.Rows($"select * from read_parquet('{_fanfold.InStore("out/r.parquet")}')"));
        Assert.Contains("partial by tolerated failures", await File.ReadAllTextAsync(_fanfold.InStore("out/r.parquet.manifest.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
