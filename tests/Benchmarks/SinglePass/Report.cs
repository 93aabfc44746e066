using System.Globalization;

namespace Fanfold.Benchmarks.SinglePass;

/// <summary>The benchmark's table, a contender a row.</summary>
static class Report
{
    public static string Header(string title, string versions, long rows, int pairs) => string.Create(CultureInfo.InvariantCulture, $"""

        ## {title}

        {versions}
        {rows:N0} rows in 8 files. Whole processes, one thread each; medians of {pairs} interleaved pairs, ratios taken pair by pair: Fanfold's figure / the peer's.

        | job | process | CPU s | wall s | peak MiB | CPU ratio | wall ratio | peak ratio |
        |---|---|---|---|---|---|---|---|
        """);

    public static string Rows(string title, IReadOnlyList<(string Peer, List<(PassRun Ours, PassRun Theirs)> Pairs)> series) => string.Join(Environment.NewLine,
    [
        Row(title, "Fanfold", [.. series.SelectMany(peer => peer.Pairs).Select(pair => pair.Ours)], "| | |"),
        .. series.Select(peer => Row("", peer.Peer, [.. peer.Pairs.Select(pair => pair.Theirs)], string.Create(CultureInfo.InvariantCulture,
            $"| **{Ratio(peer.Pairs, run => run.CpuSeconds):0.00}** | {Ratio(peer.Pairs, run => run.WallSeconds):0.00} | {Ratio(peer.Pairs, run => run.PeakMiB):0.00} |"))),
    ]);

    static string Row(string title, string process, List<PassRun> runs, string ratios) => string.Create(CultureInfo.InvariantCulture,
        $"| {title} | {process} | {Median(runs, run => run.CpuSeconds):0.000} | {Median(runs, run => run.WallSeconds):0.000} | {Median(runs, run => run.PeakMiB):0} {ratios}");

    static double Median(List<PassRun> runs, Func<PassRun, double> figure) => Median(runs.Select(figure));

    static double Ratio(List<(PassRun Ours, PassRun Theirs)> pairs, Func<PassRun, double> figure) => Median(pairs.Select(pair => figure(pair.Ours) / figure(pair.Theirs)));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
