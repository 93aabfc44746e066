using System.Text.RegularExpressions;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The README's commands do what stands beside them, over a data set that its spec and docs/seed.md's fit.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _fanfold.Dispose();

    static Task<string> PageAsync(string path) => File.ReadAllTextAsync(Path.Combine(Executable.Root, path), Cancellation);

    void WriteTrips()
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake/trips")).FullName;
        Duck.Execute($"copy (select (i % 4)::int as ff, 'c' || i % 3 as category, i % 5 as zone, i / 8.0 as amount, i % 7 / 2.0 as distance from range(10000) t(i)) to '{folder}/a.parquet' (format parquet)");
    }

    [Fact]
    public async Task Readme_RunAsItStands_Succeeds()
    {
        WriteTrips();
        var page = await PageAsync("README.md");
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "trips.json"), Json().Match(page).Groups[1].Value, Cancellation);
        var lines = Shell().Matches(page).SelectMany(block => block.Groups[1].Value.Split('\n')).Where(line => line.StartsWith("fanfold ", StringComparison.Ordinal)).Select(line => line.Split('#')[0].Trim()).ToList();
        Assert.True(lines.Count >= 3, "the page has lost its commands");
        foreach (var line in lines)
            (await _fanfold.CallAsync(line.Replace("/data", _fanfold.Store, StringComparison.Ordinal).Replace("FILE", _fanfold.PathOf("lake/trips/a.parquet"), StringComparison.Ordinal).Split(' ')[1..])).Exits(0);
        Assert.True(File.Exists(_fanfold.PathOf("results/trips-by-category.parquet.manifest.json")));
    }

    [Fact]
    public async Task Seed_ItsSpec_IsTheLoop()
    {
        WriteTrips();
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "seed.json"), Json().Match(await PageAsync("docs/seed.md")).Groups[1].Value, Cancellation);

        (await _fanfold.CallAsync("run", "seed.json", "--store", _fanfold.Store)).Exits(0);

        Assert.Equal(
            Duck.Rows($"select ff, category, zone, count(*) n, sum(amount) total from '{_fanfold.PathOf("lake/trips/a.parquet")}' where distance > 2.5 group by all order by all"),
            Duck.Rows($"select * from '{_fanfold.PathOf("results/trips.parquet")}'"));
    }

    [Fact]
    public async Task Readme_NamesEachVerb()
    {
        var help = (await _fanfold.CallAsync("--help")).Exits(0).Stdout;
        var verbs = Verb().Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(match => match.Groups[1].Value).ToList();
        Assert.True(verbs.Count > 10, help);
        Assert.Equal(verbs.Order(), Row().Matches(await PageAsync("README.md")).Select(match => match.Groups[1].Value).Order());
    }

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Json();

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Shell();

    [GeneratedRegex("^  ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Verb();

    [GeneratedRegex("^\\| `([a-z]+)( [^`]*)?` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
