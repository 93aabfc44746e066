using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Tests;
using Fanfold.Engine.Tests.Expressions;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>The same bytes and the same partitions whatever the strategy, the slices, the splits, and what was there before.</summary>
public class StrategyTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    sealed record Case(RandomTable Table, int FileRows, int RowGroupRows, JsonObject[] Specs, int Lanes, int MostRowGroups, int Buckets);

    static readonly Gen<Case> Cases = new DiceGen<Case>(Make, made => made.Specs.Sum(spec => spec.ToJsonString().Length));

    static Case Make(Dice dice)
    {
        var table = DuckDbTable.Make(dice);
        return new Case(table, dice.Pick(40, 75, 150), dice.Pick(7, 32, 100), [.. Enumerable.Range(0, 12).Select(_ => Spec(dice, table))], 1 + dice.Below(9), 1 + dice.Below(4), dice.Pick(1, 1, 4));
    }

    /// <summary>A group-by over partitions that are found, named, or ranges.</summary>
    static JsonObject Spec(Dice dice, RandomTable table)
    {
        JsonObject spec;
        do spec = JsonNode.Parse(RandomSpec.Make(dice).Json)!.AsObject();
        while (spec["reduce"]!["aggregates"] is null);
        if (dice.Chance(20)) spec["output"] = new JsonObject { ["path"] = "results/out.csv" };
        var column = (string)spec["partitionBy"]!["column"]!;
        var values = table.Rows.Select(row => row[table.Schema.IndexOf(column)]).Distinct().Where(value => value.IsNull || !value.Type.IsFloating || double.IsFinite(value.FloatingValue)).OrderBy(_ => dice.Bits()).Take(4).ToList();
        if (dice.Chance(30) && values.Count > 0) spec["partitionBy"]!["values"] = new JsonArray([.. values.Select(Text)]);
        else if (dice.Chance(30) && column is "i" or "l" or "d" or "m" or "day" && values.Where(value => !value.IsNull).Order(Comparer<Scalar>.Create((left, right) => Scalar.Compare(left, right))).ToList() is { Count: > 1 } sorted)
            spec["partitionBy"]!["ranges"] = new JsonArray([.. sorted.Zip(sorted.Skip(1), (from, to) => (JsonNode)new JsonArray(Text(from), Text(to))).Where(_ => dice.Chance(80)).DefaultIfEmpty(new JsonArray(Text(sorted[0]), Text(sorted[^1])))]);
        return spec;
    }

    static JsonNode? Text(Scalar value) => value.IsNull ? null : value.Type.Kind is TypeKind.String or TypeKind.Date or TypeKind.Timestamp ? JsonValue.Create(value.ToString()) : value.Type.Kind == TypeKind.Bool ? JsonValue.Create(value.IntegerValue != 0) : JsonNode.Parse(value.ToString());

    [Fact]
    public void Run_AnyStrategy_GivesTheSameBytes()
    {
        var (specs, succeeded, pieces, named) = (0, 0, 0, 0);
        Cases.Sample(made =>
        {
            for (var i = 0; i < made.Specs.Length; i++)
            {
                var spec = made.Specs[i];
                var single = Outcome(made, spec, "perPartition", lanes: 1, splits: false);
                var whole = Outcome(made, spec, "sharedScan", lanes: 1, splits: false);
                var sliced = Outcome(made, spec, "sharedScan", made.Lanes, splits: false);
                var split = Outcome(made, spec, "sharedScan", made.Lanes, splits: true);
                foreach (var shared in (Ended[])[whole, sliced, split])
                {
                    Assert.True(single.Summary.Status == shared.Summary.Status, $"{spec.ToJsonString()}\n{Errors(single)}\n{Errors(shared)}");
                    if (single.Summary.Status != RunStatus.Succeeded) continue;
                    Assert.True(single.Result.AsSpan().SequenceEqual(shared.Result), $"{spec.ToJsonString()}: {single.Summary.RowsOut} and {shared.Summary.RowsOut} rows");
                    Assert.Equal(Partitions(single), Partitions(shared));
                    Assert.Equal(single.Manifest!.Proof.Scope, shared.Manifest!.Proof.Scope);
                    Assert.Equal(shared.Manifest.Proof.RowsSelected, shared.Manifest.Proof.RowsMerged);
                }
                specs++;
                succeeded += single.Summary.Status == RunStatus.Succeeded ? 1 : 0;
                pieces += split.Pieces;
                named += spec["partitionBy"]!.AsObject().Count > 1 ? 1 : 0;
            }
        }, iter: Soak.Cases(25), threads: 1);
        Assert.True(specs >= 250 && succeeded > specs / 2 && pieces > specs / 4 && named > specs / 10, $"{specs} specs, {succeeded} succeeded, {pieces} tasks were split, {named} named their partitions");
    }

    sealed record Ended(RunSummary Summary, byte[] Result, Manifest? Manifest, int Pieces);

    static Ended Outcome(Case made, JsonObject spec, string strategy, int lanes, bool splits)
    {
        var parsed = SpecParser.Parse(Encoding.UTF8.GetBytes(With(spec, strategy).ToJsonString()));
        Assert.True(parsed.Spec is not null, string.Join("; ", parsed.Errors.Select(error => error.Message)));
        var pieces = 0;
        var harness = new RunHarness(splits ? ScriptedIsolation.Of((task, _) => IsTooLarge(task) ? Counted() : null) : null) { Host = new HostCapacity(lanes) { LeastSlice = 1 } };
        RandomSource.Write(harness.Store, made.Table, made.FileRows, made.RowGroupRows);
        return Task.Run(() => EndAsync(harness, parsed.Spec!, () => pieces)).GetAwaiter().GetResult();

        bool IsTooLarge(WorkerTask task) => task.Reduce is { Shared: not null } work
            && (work.Files.Sum(file => file.RowGroups.Count) is var groups && groups > made.MostRowGroups || groups == 1 && work.Piece!.Buckets < made.Buckets);

        TaskReceipt Counted()
        {
            pieces++;
            return TaskRunner.Failed("", TaskOutcome.Memory, TaskFailure.Of("memory", "too large"));
        }
    }

    static JsonObject With(JsonObject spec, string strategy)
    {
        var changed = spec.DeepClone().AsObject();
        changed["strategy"] = strategy;
        return changed;
    }

    static async Task<Ended> EndAsync(RunHarness harness, RunSpec spec, Func<int> pieces)
    {
        var (summary, _) = await harness.RunAsync("r", spec);
        if (summary.Status != RunStatus.Succeeded) return new Ended(summary, [], null, pieces());
        var output = spec.Output.Path;
        return new Ended(summary, (await harness.ReadAsync(output))!, JsonSerializer.Deserialize(await harness.ReadAsync(RunPaths.Manifest(output)), WorkflowJson.Default.Manifest), pieces());
    }

    static List<(string?, string, long?, long)> Partitions(Ended run) => [.. run.Manifest!.Partitions.Select(partition => (partition.Value, partition.Status, partition.RowsIn, partition.RowsOut))];

    static string Errors(Ended run) => $"{run.Summary.Strategy}: {string.Join("; ", run.Summary.Errors?.Select(error => $"{error.Code} {error.Message}") ?? ["ok"])}";
}
