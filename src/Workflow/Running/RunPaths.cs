using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Fanfold.Workflow.Running;

/// <summary>The names of a run's objects in the state store.</summary>
public sealed record RunPaths(string RunId)
{
    string Root => $"fanfold/runs/{RunId}";

    public string Spec => $"{Root}/spec.json";
    public string Status => $"{Root}/status.json";
    public string Ending => $"{Root}/ending.json";
    public string Journal => $"{Root}/journal";
    public string JournalSegment(int segment) => $"{Root}/journal/{segment:D8}.jsonl";
    public string DriverLock => $"{Root}/driver.lock";
    public string Plan => $"{Root}/plan";
    public string PlanHeader => $"{Root}/plan/plan.json";
    public string PlanSlices(string hash) => $"{Root}/plan/slices-{hash}.jsonl";
    public string Discovery(string inputsHash) => $"{Root}/plan/partitions-{inputsHash}.parquet";
    public string PlanErrors => $"{Root}/plan/errors.json";
    public string Receipt(string taskId) => $"{Root}/receipts/{taskId}.json";
    public string Failure(string taskId) => $"{Root}/receipts/{taskId}.failed.json";
    public string Part(string taskId) => $"{Root}/parts/{taskId}.parquet";
    public string CombinedPart => $"{Root}/parts/result";
    public string Parts => $"{Root}/parts";

    /// <summary>All folders of the run.</summary>
    public IEnumerable<string> Folders => [Root, Journal, Plan, $"{Root}/receipts", Parts];

    public static string Manifest(string output) => output + ".manifest.json";

    /// <summary>Whose lease lets one run at a time write below an output folder.</summary>
    public static string OutputLock(string output) => $"{OutputState(output)}/commit.lock";

    /// <summary>Names the files that a run is about to put below an output folder.</summary>
    public static string OutputIntent(string output) => $"{OutputState(output)}/intent.json";

    static string OutputState(string output) => $"fanfold/outputs/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(output)))[..32]}";

    /// <summary>Whether <paramref name="id"/> can name a run: lower-case letters, digits, <c>-</c>, <c>_</c>, 1 to 100 characters.</summary>
    public static bool IsRunId(string id) =>
        id.Length is >= 1 and <= 100 && !id.AsSpan().ContainsAnyExcept(RunIdCharacters);

    static readonly SearchValues<char> RunIdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");
}
