using System.Security.Cryptography;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>Whom a manifest belongs to that a reader finds.</summary>
/// <param name="Whole">False when the result is another one's by now, which the manifest shows.</param>
sealed record Visible(Manifest Manifest, bool Whole);

/// <summary>Looks at a world after each call, as a reader would and as the proof of a run wants it: exact results or typed failures, and nothing in between.</summary>
sealed class Oracle
{
    public const string OldRun = "undisturbed";
    public const string Rival = "rival";

    readonly World _world;
    readonly Scenario _scenario;
    readonly IReadOnlySet<int> _bad;
    readonly Dictionary<string, int> _versions = [];
    readonly Dictionary<string, int> _puts = [];
    readonly HashSet<string> _whole = [];

    public Oracle(World world, Scenario scenario, string source)
    {
        (_world, _scenario, _versions[source]) = (world, scenario, 0);
        _bad = BadOf(scenario);
        world.OnEffect = Look;
    }

    public static IReadOnlySet<int> BadOf(Scenario scenario) => scenario.Bad is { } bad ? new HashSet<int> { bad } : new HashSet<int>();

    public void SourceIs(string etag) => _versions[etag] = 1;

    /// <summary>Told the record of a run that is deleted.</summary>
    public Action<string>? Purged { get; set; }

    void Look(StoreRequest request)
    {
        if (!request.HadEffect || request.Operation is not (StoreOperation.Put or StoreOperation.Delete)) return;
        var path = request.Path;
        if (request.Operation == StoreOperation.Put) _puts[path] = _world.Steps;
        if (request.Operation == StoreOperation.Delete && path.EndsWith("/status.json", StringComparison.Ordinal)) Purged?.Invoke(path);
        if (path.Contains("/receipts/", StringComparison.Ordinal) && _world.Store.Read(path) is { } receipt && receipt.Bytes.AsSpan().IndexOf("\"nondeterministicPart\":true"u8) >= 0)
            _world.Violate($"'{path}' adopted a part of other bytes");
        if (path.StartsWith("results/", StringComparison.Ordinal) && See() is { Whole: true } visible) _whole.Add(visible.Manifest.RunId);
    }

    /// <summary>What a reader sees; null when there is no manifest.</summary>
    public Visible? See()
    {
        var output = _scenario.Output;
        if (_world.Store.Read(RunPaths.Manifest(output)) is not { } stored) return null;
        var manifest = JsonSerializer.Deserialize(stored.Bytes, WorkflowJson.Default.Manifest)!;
        var expected = ExpectedOf(manifest);
        if (manifest.Result.Hash != expected.Manifest.Result.Hash) _world.Violate($"the manifest of '{manifest.RunId}' names a result with the hash {manifest.Result.Hash}, undisturbed it has {expected.Manifest.Result.Hash}");
        if (manifest.Result.Files is not { } files) return new Visible(manifest, IsWhole(output, manifest.Result.ETag!, manifest.Result.Hash));
        foreach (var file in files)
        {
            if (!IsWhole($"{output}/{file.Path}", file.ETag, file.Hash)) _world.Violate($"the manifest of '{manifest.RunId}' names '{file.Path}', which is gone or another");
        }
        return new Visible(manifest, Whole: true);
    }

    Expected ExpectedOf(Manifest manifest)
    {
        if (manifest.RunId == OldRun) return Expected.Of(_scenario, 1, _bad);
        var version = _versions[manifest.Inputs.Single(input => input.Path == Scenario.Source).ETag];
        var failed = manifest.Partitions.Where(partition => partition.Status == "failed").Select(partition => int.Parse(partition.Value!, System.Globalization.CultureInfo.InvariantCulture)).ToHashSet();
        return Expected.Of(_scenario, version, failed, manifest.RunId == Rival);
    }

    bool IsWhole(string path, string etag, string hash)
    {
        if (_world.Store.Read(path) is not { } stored || stored.ETag != etag) return false;
        if (Convert.ToHexStringLower(SHA256.HashData(stored.Bytes)) != hash) _world.Violate($"'{path}' has the version that its manifest names, and other bytes");
        return true;
    }

    /// <summary>Judges the world when nothing more can happen.</summary>
    /// <param name="explains">Whether something happened that a run may give as its reason, by the code of the error.</param>
    public void Judge(SimulatedRun run, Func<string, bool> explains, bool hasRival = false)
    {
        if (run.Ends.Count == 0 || run.Living > 0)
        {
            _world.Violate($"the run '{run.Id}' hangs");
            return;
        }
        var summary = run.Ends[0];
        var text = JsonSerializer.Serialize(summary, WorkflowJson.Default.RunSummary);
        if (run.Ends.Select(end => JsonSerializer.Serialize(end, WorkflowJson.Default.RunSummary)).FirstOrDefault(end => end != text) is { } other) _world.Violate($"those who waited for '{run.Id}' were told different ends:\n{text}\n{other}");
        var visible = See();
        foreach (var error in summary.Errors ?? [])
        {
            if (!explains(error.Code) && !(hasRival && error.Code == "output-conflict")) _world.Violate($"'{run.Id}' ended as {summary.Status} with an error that nothing has caused: {error.Code}: {error.Message}");
        }
        if (summary.Status is RunStatus.Failed or RunStatus.Cancelled) JudgeFailed(run, summary, visible, hasRival);
        else JudgeSucceeded(run, summary, visible, hasRival);
    }

    /// <summary>Judges two runs into one output. Who succeeded had its whole result there, and the last to commit has it still; a conflict has another run behind it that got between.</summary>
    public void JudgeRivals(SimulatedRun run, SimulatedRun rival, Func<string, bool> explains)
    {
        Judge(run, explains, hasRival: true);
        Judge(rival, explains, hasRival: true);
        if (run.Ends.Count == 0 || rival.Ends.Count == 0) return;
        var (visible, succeeded) = (See(), ((SimulatedRun[])[run, rival]).Where(one => one.Ends[0].Manifest is not null).ToList());
        foreach (var one in succeeded)
        {
            if (!_whole.Contains(one.Id)) _world.Violate($"'{one.Id}' {one.Ends[0].Status}, and nobody could see its result at any moment");
        }
        if (succeeded.Count > 0 && (visible is not { Whole: true } || succeeded.All(one => one.Id != visible.Manifest.RunId))) _world.Violate($"'{string.Join("' and '", succeeded.Select(one => one.Id))}' succeeded, and the manifest is that of '{visible?.Manifest.RunId}'{(visible?.Whole == false ? ", whose result is gone" : "")}");
        if (succeeded.Count > 0) JudgeLeftovers(succeeded[0], Unnamed(visible));
    }

    void JudgeFailed(SimulatedRun run, RunSummary summary, Visible? visible, bool hasRival)
    {
        if (summary.Errors is not { Count: > 0 }) _world.Violate($"'{run.Id}' failed without an error");
        if (hasRival) return;
        // What was delivered for a run that was purged may come to the one that has its id now, and end it.
        if (run is { Purges: > 0, Duplicates: > 0 } && visible is { Whole: true } && visible.Manifest.RunId == run.Id) return;
        // The result of an earlier drive stays until a later one commits.
        if (visible is not null && (!visible.Whole || visible.Manifest.RunId != OldRun && !(run.HadResult && visible.Manifest.RunId == run.Id))) _world.Violate($"'{run.Id}' failed and left a manifest of '{visible.Manifest.RunId}'");
        JudgeLeftovers(run, Unnamed(visible));
    }

    void JudgeSucceeded(SimulatedRun run, RunSummary summary, Visible? visible, bool hasRival)
    {
        if (summary.Status is not (RunStatus.Succeeded or RunStatus.SucceededWithFailures)) _world.Violate($"'{run.Id}' ended as {summary.Status}");
        if (summary.Status == RunStatus.Succeeded != (summary.Errors is null) || summary.Partitions.Failed > _scenario.Tolerated) _world.Violate($"'{run.Id}' ended as {summary.Status} with {summary.Partitions.Failed} failures");
        if (visible is null || !hasRival && (visible.Manifest.RunId != run.Id || !visible.Whole)) _world.Violate($"'{run.Id}' {summary.Status}, and its result is not there");
        else if (!hasRival)
        {
            var expected = ExpectedOf(visible.Manifest);
            if (summary.RowsOut != expected.Summary.RowsOut || visible.Manifest.Result.Rows != summary.RowsOut) _world.Violate($"'{run.Id}' counts {summary.RowsOut} rows of {expected.Summary.RowsOut}");
            JudgeLeftovers(run, Unnamed(visible));
        }
        // A redrive needs the parts of a run in which some failed.
        if (summary.Status == RunStatus.Succeeded) JudgeLeftovers(run, _world.Store.Paths(new RunPaths(run.Id).Parts));
    }

    /// <summary>What lies among the results and is none.</summary>
    IEnumerable<string> Unnamed(Visible? visible)
    {
        HashSet<string> named = visible is null ? [] : [RunPaths.Manifest(_scenario.Output), .. visible.Manifest.Result.Files?.Select(file => $"{_scenario.Output}/{file.Path}") ?? [_scenario.Output]];
        return _world.Store.Paths("results").Where(path => !named.Contains(path));
    }

    // Whoever was late may put something after all was tidied up, and then nobody comes.
    void JudgeLeftovers(SimulatedRun run, IEnumerable<string> paths)
    {
        var ended = _puts.Where(put => put.Key.StartsWith(new RunPaths(run.Id).Root + "/", StringComparison.Ordinal) && put.Key.EndsWith("/ending.json", StringComparison.Ordinal)).Max(put => put.Value);
        foreach (var path in paths)
        {
            if (_puts.GetValueOrDefault(path) < ended) _world.Violate($"'{path}' is left");
        }
    }
}
