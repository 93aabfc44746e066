using System.Text.Json.Nodes;

namespace Fanfold.Benchmarks.SinglePass;

/// <summary>All runs of one question. With <paramref name="check"/> each of them must give the answer of the first.</summary>
sealed class Series(Pass pass, bool check)
{
    // Sums of doubles differ by the order in which they were added.
    const double RelativeTolerance = 1e-9;

    (string Contender, List<JsonArray> Rows)? _first;

    public async Task<PassRun> RunAsync(Contender contender)
    {
        Directory.Delete(pass.Scratch, recursive: true);
        Directory.CreateDirectory(pass.Scratch);
        var run = await contender.RunAsync(pass);
        if (check && pass.Question != Question.Nothing) Check(contender.Name, [.. run.ReadAnswer().OrderBy(row => (double)row[0]!)]);
        return run;
    }

    void Check(string contender, List<JsonArray> rows)
    {
        if (rows.Count == 0) throw new InvalidOperationException($"{contender} gave no rows for {pass.Question} over {pass.Data.Name}");
        var first = _first ??= (contender, rows);
        if (!AreEqual(first.Rows, rows))
            throw new InvalidOperationException($"{first.Contender} and {contender} differ for {pass.Question} over {pass.Data.Name}:{Environment.NewLine}{Text(first.Rows)}{Environment.NewLine}{Text(rows)}");
    }

    static bool AreEqual(List<JsonArray> left, List<JsonArray> right) =>
        left.Count == right.Count && left.Zip(right).All(pair => pair.First.Count == pair.Second.Count && pair.First.Zip(pair.Second).All(cells => AreEqual(cells.First!.AsValue(), cells.Second!.AsValue())));

    static bool AreEqual(JsonValue left, JsonValue right) => left.TryGetValue<double>(out var a) && right.TryGetValue<double>(out var b)
        ? Math.Abs(a - b) <= RelativeTolerance * Math.Max(Math.Abs(a), Math.Abs(b))
        : JsonNode.DeepEquals(left, right);

    static string Text(List<JsonArray> rows) => string.Concat(rows.Select(row => row.ToJsonString()));
}
