using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Results in CSV, and as DuckDB reads them back.</summary>
public sealed class CsvTests : IDisposable
{
    const string Result = "results/rows.csv";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    string WriteSource(string select)
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake")).FullName;
        Duck.Execute($"copy ({select}) to '{folder}/a.parquet' (format parquet)");
        return $"read_parquet('{folder}/a.parquet')";
    }

    async Task<JsonNode> ManifestAsync() => JsonNode.Parse(await File.ReadAllTextAsync(_fanfold.PathOf(Result + ".manifest.json"), Cancellation))!;

    /// <summary>The file with the types that its manifest names.</summary>
    async Task<string> ReadAsync() =>
        $"read_csv('{_fanfold.PathOf(Result)}', header = true, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', auto_detect = false, allow_quoted_nulls = false, columns = {{{
            string.Join(", ", (await ManifestAsync())["columns"]!.AsArray().Select(column => $"'{((string)column!["name"]!).Replace("'", "''", StringComparison.Ordinal)}': '{DuckType((string)column["type"]!)}'"))}}})";

    static string DuckType(string type) => type switch
    {
        "bool" => "BOOLEAN", "int8" => "TINYINT", "int16" => "SMALLINT", "int32" => "INTEGER", "int64" => "BIGINT", "uint64" => "UBIGINT", "float" => "FLOAT", "double" => "DOUBLE", "uuid" => "UUID",
        "date" => "DATE", "time(us)" => "TIME", "timestamp(us)" => "TIMESTAMP", "timestamp(us,utc)" => "TIMESTAMPTZ", "timestamp(ns)" => "TIMESTAMP_NS", "string" or "binary" => "VARCHAR",
        _ when type.StartsWith("decimal", StringComparison.Ordinal) => type,
        _ => throw new ArgumentException(type),
    };

    [Fact]
    public async Task Run_EveryType_DuckDbReadsTheSameRows()
    {
        const string texts = """['', ' ', ' a', 'a ', 'a b', 'a,b', '"', 'say "hi"', 'line' || chr(10) || 'end', chr(13), 'cr' || chr(13) || chr(10), '=1+1', '@sum', '-1', '#x', 'NULL', 'null', 'größe', '日本😀', repeat('long, "text" ', 9000)]""";
        var data = WriteSource($$"""
            select i % 3 as ff, i as id, case when i % 10 = 3 then null else ({{texts}})[1 + i % 20] end as s,
              case when i % 10 = 4 then null else (i * 7919 % 1000 - 500) / 7.0 end::double as d, ([0.0, '-0.0'::double, 'nan'::double, 'inf'::double, '-inf'::double, 1e16, 1e-7, 5e-324, 1.7976931348623157e308, 0.1])[1 + i % 10]::double as odd,
              (i / 3.0)::float as f, case when i % 10 = 5 then null else i % 2 = 0 end as b, (i * 1000003 - 50)::decimal(18, 4) / 16 as m, (i::hugeint * 1000000000000000003 * 100000)::decimal(38, 9) as big,
              date '0001-01-01' + (i * 3001)::int as day, time '00:00:00' + to_microseconds(i * 61000001) as t, timestamp '1900-01-01 12:00:00' + to_microseconds(i * 86400000123) as ts,
              (timestamp '2024-02-29 12:30:45.678' + to_microseconds(i))::timestamptz as tz, (timestamp '2024-02-29 12:30:45')::timestamp_ns as ns,
              ('00000000-0000-0000-0000-' || lpad(i::varchar, 12, '0'))::uuid as u, ('\x00\xFF'::blob || encode(i::varchar)) as bin, (i * 184467440737)::ubigint as ul, (i % 100)::tinyint as small
            from range(200) r(i)
            """);
        const string columns = "id, s, d, odd, f, b, m, big, day, t, ts, tz, ns, u, bin, ul, small";

        var run = (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", $$"""{ "select": [{{string.Join(", ", columns.Split(", ").Select(name => $"\"{name}\""))}}] }""", Result))).Exits(0);

        Assert.Equal(200, (int)run.Json["rowsOut"]!);
        var shown = "ff, id, encode(s)::varchar, d::varchar, odd::varchar, f::varchar, b, m::varchar, big::varchar, day::varchar, t::varchar, ts::varchar, epoch_us(tz), ns::varchar, u::varchar, {0}, ul::varchar, small";
        Assert.Equal(
            Duck.Rows($"select {string.Format(shown, "lower(hex(bin))")} from {data} order by ff, id"),
            Duck.Rows($"select {string.Format(shown, "bin")} from {await ReadAsync()}"));
        var manifest = await ManifestAsync();
        Assert.Equal((Fanfold.Sha256(_fanfold.PathOf(Result)), "csv"), ((string?)manifest["result"]!["hash"], (string?)manifest["result"]!["format"]));
    }

    [Fact]
    public async Task Run_GroupByWithNullsAndOddNames_IsTheExpectedText()
    {
        WriteSource("select * from (values (1, 'a', 2.5::double), (1, '', null), (1, null, 1e20), (null, 'x,y', 'nan'::double)) t(ff, \"group, \"\"key\"\"\", v)");

        (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", """{ "groupBy": ["group, \"key\""], "aggregates": { "n": "len()", "größe": "max(v)" } }""", Result))).Exits(0);

        Assert.Equal("ff,\"group, \"\"key\"\"\",n,größe\n1,\"\",1,\n1,a,1,2.5\n1,,1,1E+20\n,\"x,y\",1,NaN\n", await File.ReadAllTextAsync(_fanfold.PathOf(Result), Cancellation));
    }

    [Fact]
    public async Task Run_NoRows_IsAHeader()
    {
        WriteSource("select i % 3 as ff, i as n from range(10) t(i)");

        (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "len()" } }""", Result, """{ "where": "n > 100" }"""))).Exits(0);

        Assert.Equal("ff,n\n"u8.ToArray(), await File.ReadAllBytesAsync(_fanfold.PathOf(Result), Cancellation));
    }

    [Fact]
    public async Task Run_InAnyWay_GivesTheSameBytes()
    {
        SeedData.WriteEven(_fanfold, "lake");
        var hashes = new HashSet<string>();
        string[][] ways = [["--parallel", "1"], ["--parallel", "8"], ["--isolation", "none"], ["--fresh"]];
        foreach (var way in ways)
        {
            (await _fanfold.RunAsync(Fanfold.Spec("lake", "ff", """{ "select": ["id", "category", "amount"] }""", Result), way)).Exits(0);
            hashes.Add(Fanfold.Sha256(_fanfold.PathOf(Result)));
        }
        Assert.Single(hashes);
    }
}
