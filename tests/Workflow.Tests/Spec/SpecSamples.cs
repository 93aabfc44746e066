using System.Text;
using System.Text.Json.Nodes;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

static class SpecSamples
{
    public const string Minimal = """
        { "version": 1, "source": { "path": "lake/trips" }, "partitionBy": { "column": "ff" },
          "reduce": { "aggregates": { "total": "sum(amount)" } }, "output": { "path": "results/trips.parquet" } }
        """;

    public const string Full = """
        {
          "$schema": "run-spec.schema.json",
          "version": 1,
          "source": { "path": "lake/trips", "include": ["2024/**/*.parquet", "2025/*.parquet"], "exclude": ["**/old-?.parquet"], "raw": true, "onMissingColumn": "error" },
          "partitionBy": { "column": "ff", "values": [0, 1.50, -2e3, "north", true, null] },
          "where": "distance > 0 and status in ('paid', 'shipped')",
          "reduce": { "groupBy": ["category", "month"], "aggregates": { "n": "len()", "total": "sum(amount)" }, "sort": ["-total", "category"], "limit": 100 },
          "output": { "path": "results/trips-by-category.parquet", "layout": "file" },
          "limits": { "parallel": 8, "memory": "1GiB", "timeout": "1.00:10:00", "retries": 5, "toleratedFailures": "2.5%" },
          "strategy": "perPartition"
        }
        """;

    public static SpecResult Parse(string json) => SpecParser.Parse(Encoding.UTF8.GetBytes(json));

    public static RunSpec Accept(string json)
    {
        var result = Parse(json);
        Assert.Empty(result.Errors);
        return result.Spec!;
    }

    /// <summary>The minimal spec with the value at <paramref name="pointer"/> set, in objects made on the way; "-" removes it.</summary>
    public static string With(string pointer, string value, string sample = Minimal)
    {
        var root = JsonNode.Parse(sample)!;
        var steps = pointer.Split('/')[1..];
        var parent = root.AsObject();
        foreach (var step in steps[..^1])
        {
            if (parent[step] is null) parent[step] = new JsonObject();
            parent = parent[step]!.AsObject();
        }
        if (value == "-") parent.Remove(steps[^1]);
        else parent[steps[^1]] = JsonNode.Parse(value);
        return root.ToJsonString();
    }
}
