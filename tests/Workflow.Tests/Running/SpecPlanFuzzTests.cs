using System.Text.Json.Nodes;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Tests;
using Fanfold.Engine.Tests.Expressions;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Specs with parts of others in their places: a typed refusal, or a plan whose tasks never end as a bug.</summary>
public class SpecPlanFuzzTests
{
    static readonly string[] Pieces =
    [
        "i", "l", "d", "s", "day", "b", "m", "t", "ff", "nope", "x0", "a0", "", "-", "-i", "len()", "sum(s)", "sum(l)", "median(d)", "quantile(l, 2)", "any(i)", "i + s", "l * l * l", "cast(s as int64)", "1", "null",
        "case when b then 1 else s end", "lower(s", "date_trunc('day', t)", "i in (1, 's')", "results/out.csv", "results/out", "lake", "hive", "file", "null", "error", "00:00:01", "1MiB", "100%",
    ];

    static readonly string[] Fields = ["i", "day", "where", "limit", "select", "groupBy", "aggregates", "values", "ranges", "layout", "x0", ""];

    static readonly Gen<string> Specs = new DiceGen<string>(
        dice =>
        {
            var root = JsonNode.Parse(RandomSpec.Make(dice).Json)!;
            for (var changes = 1 + dice.Below(3); changes > 0; changes--)
            {
                if (dice.Chance(70)) ChangeText(dice, root);
                else Change(dice, root);
            }
            return root.ToJsonString();
        },
        text => text.Length);

    [Fact]
    public void Plan_AnySpec_IsRefusedTypedOrRuns()
    {
        RunHarness? harness = null;
        var (cases, parsed, planned, done) = (0, 0, 0, 0);
        Specs.Sample(text =>
        {
            // A fresh store now and then, since each run leaves its state behind.
            if (cases++ % 200 == 0) harness = WithData();
            if (SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes(text)).Spec is not { } spec) return;
            parsed++;
            var runId = $"r{cases}";
            var plan = Task.Run(() => harness!.PlanAsync(runId, spec)).GetAwaiter().GetResult();
            if (plan.Errors is { } errors)
            {
                Assert.All(errors, error => Assert.NotEqual("bug", error.Code));
                return;
            }
            planned++;
            for (var task = 0; task < Math.Min(2, plan.Tasks); task++)
            {
                var result = Task.Run(() => harness!.Activities.ReduceTaskAsync(new TaskRequest(runId, task, 1), CancellationToken.None)).GetAwaiter().GetResult();
                Assert.NotEqual(Fanfold.Worker.TaskOutcome.Bug, result.Outcome);
                done++;
            }
        }, iter: Soak.Cases(20_000), threads: 1, print: text => text);
        Assert.True(parsed > cases / 5 && planned > cases / 20 && done > planned, $"{cases} specs, {parsed} parsed, {planned} planned, {done} tasks");
    }

    static RunHarness WithData()
    {
        var harness = new RunHarness();
        var table = DuckDbTable.Make(new Dice(new PCG(7)));
        using var content = new MemoryStream();
        using var writer = new ParquetFileWriter(table.Schema, content, new Dictionary<string, string>());
        var columns = table.Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        foreach (var row in table.Rows.Take(40))
        {
            for (var i = 0; i < columns.Length; i++) columns[i].Append(row[i]);
        }
        writer.WriteRowGroup(columns);
        writer.Complete();
        harness.Store.PutAsync("lake/a.parquet", content.ToArray(), PutCondition.None, CancellationToken.None).GetAwaiter().GetResult();
        return harness;
    }

    /// <summary>Other expressions and columns where such stand.</summary>
    static void ChangeText(Dice dice, JsonNode root)
    {
        var piece = dice.Chance(50) ? dice.Pick(Pieces[..28]) : new RandomValue(dice).Any(1).Ours;
        var reduce = root["reduce"] as JsonObject;
        if (dice.Chance(30)) root["where"] = piece;
        else if (dice.Chance(30)) root["derive"] = new JsonObject { [dice.Pick("x0", "i", "new")] = piece };
        else if (reduce?["aggregates"] is JsonObject aggregates) aggregates[dice.Pick("a0", "a9")] = dice.Chance(30) ? piece : $"{dice.Pick("sum", "min", "median", "n_unique", "any", "first")}({piece})";
        else if (reduce?["select"] is JsonArray select) select.Add(piece);
    }

    /// <summary>Replaces, adds or removes something somewhere.</summary>
    static void Change(Dice dice, JsonNode node)
    {
        while (true)
        {
            var children = node switch { JsonObject map => map.Select(member => member.Value).ToList(), JsonArray list => [.. list], _ => [] };
            var inner = children.Where(child => child is JsonObject or JsonArray).ToList();
            if (inner.Count == 0 || dice.Chance(30)) break;
            node = inner[dice.Below(inner.Count)]!;
        }
        JsonNode? piece = dice.Below(10) switch { 0 => null, 1 => dice.Below(5) - 1, 2 => new JsonArray("i", "d"), 3 => new JsonArray(new JsonArray(0, 2), new JsonArray(2, 5)), _ => dice.Pick(Pieces) };
        if (node is JsonObject fields)
        {
            var names = fields.Select(field => field.Key).ToList();
            if (names.Count > 0 && dice.Chance(15)) fields.Remove(dice.Pick(names));
            else fields[names.Count > 0 && dice.Chance(75) ? dice.Pick(names) : dice.Pick(Fields)] = piece;
        }
        else if (node is JsonArray items)
        {
            if (items.Count > 0 && dice.Chance(50)) items[dice.Below(items.Count)] = piece;
            else items.Add(piece);
        }
    }
}
