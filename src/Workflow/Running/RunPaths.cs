using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Fanfold.Workflow.Running;

/// <summary>
/// The names of a run's objects in the state store. What a task makes belongs to the run, whichever drive made it; how a drive goes, from its plan to its end,
/// belongs to that redrive.
/// </summary>
/// <param name="Redrive">0 for the first drive, then counted by <c>redrive</c>.</param>
public sealed record RunPaths(string RunId, int Redrive = 0)
{
    /// <summary>The folder of all runs.</summary>
    public const string Runs = "fanfold/runs";

    /// <summary>The id of the task that combines the parts.</summary>
    public const string CombineTask = "combine";

    public string Root => $"{Runs}/{RunId}";

    public string Spec => $"{Root}/spec.json";
    public string Status => $"{Root}/status.json";
    public string Cancel => $"{Root}/cancel";
    public string DriverLock => $"{Root}/driver.lock";
    public string Receipts => $"{Root}/receipts";

    /// <summary>That of combining belongs to the redrive whose parts it combined.</summary>
    public string Receipt(string taskId) => $"{(taskId == CombineTask ? $"{Drive}/receipts" : Receipts)}/{taskId}.json";
    public string Parts => $"{Root}/parts";
    public string Part(string taskId) => $"{Parts}/{taskId}.parquet";
    public string Discovery(string inputsHash) => $"{Root}/plan/partitions-{inputsHash}.parquet";
    public string DiscoveryReceipt(string inputsHash) => $"{Root}/plan/partitions-{inputsHash}.json";

    public string Redrives => $"{Root}/redrives";

    /// <summary>The folder of what belongs to this redrive; the first drive has the run's own.</summary>
    string Drive => Redrive == 0 ? Root : $"{Redrives}/{Redrive}";

    public string Ending => $"{Drive}/ending.json";
    public string CommitDecision => $"{Drive}/commit.json";
    public string Committed => $"{Drive}/committed.json";
    public string Journal => $"{Drive}/journal";
    public string JournalOf(string instance) => $"{Drive}/journal-{instance}";
    /// <summary>Whether a path below a run's is that of a segment of a journal.</summary>
    public static bool IsJournal(string path) => FolderOf(path) is var folder && folder[(folder.LastIndexOf('/') + 1)..] is var name && (name == "journal" || name.StartsWith("journal-", StringComparison.Ordinal));
    public string Plan => $"{Drive}/plan";
    public string PlanHeader => $"{Plan}/plan.json";
    public string PlanSlices(string hash) => $"{Plan}/slices-{hash}.jsonl";
    public string GivenUp => $"{Plan}/given-up.json";
    public string PlanErrors => $"{Plan}/errors.json";
    public string Failure(string taskId) => $"{Drive}/receipts/{taskId}.failed.json";
    public string CombinedPart => Redrive == 0 ? $"{Parts}/result" : $"{Parts}/result-{Redrive}";
    /// <summary>The partitions that combining a shared scan found.</summary>
    public string CombinedPartitions => $"{CombinedPart}-partitions";

    public string Attempts => $"{Drive}/attempts";

    /// <summary>As <see cref="Worker.AttemptCount"/> has it.</summary>
    public string Attempt(string taskId) => $"{Attempts}/{taskId}";

    /// <summary>All folders that this redrive writes to.</summary>
    public IEnumerable<string> Folders => [Root, Receipts, Parts, $"{Root}/plan", Drive, Journal, Plan, $"{Drive}/receipts", Attempts];

    /// <summary>The folder that an object lies in; empty for the store itself.</summary>
    public static string FolderOf(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

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
