using System.Text.Json.Nodes;

namespace Fanfold.Benchmarks.SinglePass;

/// <summary>What was measured.</summary>
static class Versions
{
    public static async Task<string> WithoutPolarsAsync(Published command)
    {
        var worker = (await OutputAsync(command.Worker, "--version")).Trim();
        return $"{worker}; DuckDB {(string)Duck.Rows("select version()")[0][0]!} in DuckDB.NET";
    }

    public static async Task<string> DescribeAsync(Published command)
    {
        var polars = (string)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Polars.Folder, "package.json")))!["devDependencies"]!["nodejs-polars"]!;
        return $"{await WithoutPolarsAsync(command)}; nodejs-polars {polars} on node {(await OutputAsync("node", "--version")).Trim()}.";
    }

    static async Task<string> OutputAsync(string file, string argument) => (await ProcessRun.StartAsync(file, [argument], new Dictionary<string, string>())).Output;
}
