using System.Text.Json.Nodes;

namespace Fanfold.Benchmarks.SinglePass;

/// <summary>Answers questions, each in a process of its own and on one thread.</summary>
abstract class Contender
{
    public abstract string Name { get; }

    public abstract Task<PassRun> RunAsync(Pass pass);
}

/// <summary>What one process cost, and its answer.</summary>
/// <param name="PeakMiB">The process's own reading of its peak resident memory (VmHWM), taken when its work is done.</param>
sealed record PassRun(double CpuSeconds, double WallSeconds, double PeakMiB, Func<IReadOnlyList<JsonArray>> ReadAnswer)
{
    public static double MiB(long bytes) => bytes / (double)(1 << 20);

    /// <summary>A peer writes a JSON document with its rows and its peak.</summary>
    public static PassRun OfPeer(ProcessRun run, Pass pass)
    {
        var document = JsonNode.Parse(run.Output)!;
        return new PassRun(run.CpuSeconds, run.WallSeconds, MiB((long)document["peak"]!),
            () => pass.WritesFile ? pass.ReadAnswer(pass.OutputFile) : [.. document["rows"]!.AsArray().Select(row => row!.AsArray())]);
    }
}
