using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Files that others wrote, against the answers of other engines.</summary>
public sealed class RealDataTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    [Theory]
    [InlineData("country", "userdata1-5_country", StoreKind.Directory)]
    [InlineData("country", "userdata1-5_country", StoreKind.Azurite)]
    [InlineData("gender", "userdata_gender", StoreKind.Directory)] // one of its values is the empty string
    [InlineData("gender", "userdata_gender", StoreKind.Azurite)]
    public async Task Run_OverUserData_GivesTheKnownGroups(string key, string set, StoreKind kind)
    {
        var samples = Path.Combine(Corpus.Require(), "Teradata_kylo/samples/sample-data");
        await using var store = await StoreUnderTest.CreateAsync(kind, _fanfold);
        if (kind == StoreKind.Azurite) await store.FillAsync(samples, "parquet");
        var expected = Corpus.Lines("groupby.jsonl").Single(line => line.GetProperty("set").GetString() == set).GetProperty("groups").EnumerateArray().ToList();
        var spec = Fanfold.Spec("parquet", key,
            """{ "aggregates": { "n": "len()", "paid": "count(salary)", "total": "sum(salary)", "least": "min(salary)", "most": "max(salary)" } }""", "results/salaries.parquet");

        var run = (await _fanfold.RunAsync(spec, store, kind == StoreKind.Azurite ? [] : ["--data", samples])).Exits(0);

        Assert.Equal("succeeded", (string?)run.Json["status"]);
        Assert.Equal(expected.Count, (int?)run.Json["partitions"]!["total"]);
        Assert.Equal(4000, (long?)run.Json["rowsIn"]);
        var result = Path.Combine(_fanfold.Folder, "result.parquet");
        await File.WriteAllBytesAsync(result, await store.ReadAsync("results/salaries.parquet"), TestContext.Current.CancellationToken);
        var rows = Duck.ReadResult(result).Select(row => row.Split('|')).ToList();
        Assert.Equal(expected.Select(group => group.GetProperty("k").GetString()).Order(StringComparer.Ordinal), rows.Select(row => row[0]));
        foreach (var (group, row) in expected.OrderBy(group => group.GetProperty("k").GetString(), StringComparer.Ordinal).Zip(rows))
        {
            string[] names = ["n", "nn_salary", "sum_salary", "min_salary", "max_salary"];
            for (var i = 0; i < names.Length; i++) AssertClose(group.GetProperty(names[i]).GetString(), row[i + 1], $"{names[i]} of '{row[0]}'");
        }
    }

    [Theory]
    [InlineData("Teradata_kylo/samples/sample-data/parquet/userdata2.parquet")]
    [InlineData("apache_parquet-testing/data/alltypes_plain.snappy.parquet")]
    [InlineData("apache_parquet-testing/data/byte_stream_split.zstd.parquet")]
    [InlineData("apache_parquet-testing/data/delta_encoding_optional_column.parquet")]
    [InlineData("apache_parquet-testing/data/int64_decimal.parquet")]
    [InlineData("apache_parquet-testing/data/float16_nonzeros_and_nans.parquet")]
    [InlineData("apache_parquet-testing/data/list_columns.parquet")]
    public async Task InspectVerify_OfARealFile_GivesTheKnownFigures(string path)
    {
        var expected = JsonNode.Parse(Corpus.Lines("expected.jsonl").Single(line => line.GetProperty("path").GetString() == path).GetRawText())!;

        var verified = (await _fanfold.CallAsync("inspect", Path.Combine(Corpus.Require(), path), "--verify", "--json")).Exits(0);

        Assert.Equal(["file", "rows", "rowGroups", "columns", "error"], verified.Json.AsObject().Select(property => property.Key));
        Assert.Equal((string?)expected["rows"], verified.Json["rows"]!.ToString());
        Assert.Null(verified.Json["error"]);
        var columns = verified.Json["columns"]!.AsArray().ToDictionary(column => (string)column!["name"]!, column => column!.AsObject());
        foreach (var column in expected["columns"]!.AsArray())
        {
            var actual = columns[(string)column!["name"]!];
            Assert.Equal(["name", "type", "nested", "nonNull", "min", "max", "sum", "sumMicros", "textHash", "error"], actual.Select(property => property.Key));
            if ((bool)actual["nested"]!) continue;
            // Binary minima and maxima have no agreed text.
            foreach (var figure in (string[])["nonNull", "min", "max", "sum", "sumMicros", "textHash"])
            {
                if (column[figure] is { } value && !(actual["type"]!.ToString() == "binary" && figure is "min" or "max")) AssertClose(value.ToString(), actual[figure]?.ToString(), $"{figure} of {column["name"]}");
            }
        }
    }

    [Theory]
    [InlineData("duckdb_duckdb/test/sql/copy/parquet/broken/garbledfooter.parquet")]
    [InlineData("apache_impala/testdata/data/bad_magic_number.parquet")]
    [InlineData("apache_parquet-testing/data/uniform_encryption.parquet.encrypted")]
    [InlineData("apache_parquet-testing/bad_data/PARQUET-1481.parquet")]
    public async Task InspectVerify_OfABrokenFile_IsATypedError(string path)
    {
        var file = Path.Combine(Corpus.Require(), path);

        var verified = (await _fanfold.CallAsync("inspect", file, "--verify", "--json")).Exits(1);

        Assert.Equal(file, (string?)verified.Json["file"]);
        List<JsonNode?> errors = [verified.Json["error"], .. verified.Json["columns"]!.AsArray().Select(column => column!["error"])];
        var error = errors.First(error => error is not null)!;
        Assert.Contains((string?)error["code"], (string[])["not-parquet", "truncated", "corrupt", "unsupported", "encrypted", "too-large"]);
        Assert.Contains((string)error["message"]!, verified.Stderr, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(path), verified.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_OfAnUnknownFile_IsNotFound()
    {
        var inspected = (await _fanfold.CallAsync("inspect", "nowhere.parquet", "--verify", "--json")).Exits(4);

        Assert.Equal("file-not-found", (string?)inspected.Json["error"]!["code"]);
    }

    static void AssertClose(string? expected, string? actual, string what)
    {
        if (expected == actual || (expected ?? "null") == actual) return;
        Assert.True(double.TryParse(expected, CultureInfo.InvariantCulture, out var a) && double.TryParse(actual, CultureInfo.InvariantCulture, out var b)
            && Math.Abs(a - b) <= 1e-9 * Math.Max(Math.Abs(a), Math.Abs(b)), $"{what} is {actual}, expected {expected}");
    }
}
