using System.Text.RegularExpressions;
using Fanfold.Engine.Tests;
using Fanfold.Workflow.Http;

namespace Fanfold.Workflow.Tests.Http;

/// <summary>The tables of docs/operations.md are those of the code.</summary>
public sealed partial class OperationsPageTests
{
    const string Page = "docs/operations.md";

    [Fact]
    public void Codes_OfThePage_AreThoseOfTheApi() => Assert.Equal(
        ProblemCode.All.Select(code => $"| `{code.Code}` | {code.Status} | {code.Meaning} |"),
        Section("Error codes").Where(line => line.StartsWith("| `", StringComparison.Ordinal)));

    [Fact]
    public void Metrics_OfThePage_AreThoseOfTheMeter()
    {
        var made = Metric().Matches(Telemetry).Select(match => $"| `{match.Groups[2].Value}` | {match.Groups[1].Value} | `{match.Groups[3].Value}` | {match.Groups[4].Value} |").ToList();
        var page = Section("Telemetry").Where(line => line.StartsWith("| `fanfold.", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(made);
        Assert.Equal(made, page.Select(line => line[..(line[..^1].LastIndexOf('|') + 1)]));
    }

    [Fact]
    public void SpansAndTags_OfThePage_AreThoseOfTheSource()
    {
        var sources = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src/Workflow/Running"), "*.cs").Select(File.ReadAllText));
        var spans = Span().Matches(sources).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal);
        var rows = Section("Telemetry").Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToList();
        Assert.Equal(spans, rows.Select(line => line.Split('`')[1]).Where(name => !name.StartsWith("fanfold.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var metrics = Metric().Matches(Telemetry).Select(match => match.Groups[2].Value).ToHashSet();
        var tags = Tag().Matches(Telemetry).Select(match => match.Groups[1].Value).Where(name => !metrics.Contains(name) || Telemetry.Contains($"SetTag(\"{name}\"", StringComparison.Ordinal)).Distinct();
        Assert.Equal(tags.Order(StringComparer.Ordinal), rows.SelectMany(line => Code().Matches(line[(line[..^1].LastIndexOf('|') + 1)..])).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal));
    }

    static string Telemetry => Repository.Read("src/Workflow/Running/Telemetry.cs");

    static string[] Section(string title) => Repository.Read(Page).Split("\n## ").Single(section => section.StartsWith(title + "\n", StringComparison.Ordinal)).Split('\n');

    [GeneratedRegex("""Meter\.Create(\w+)<\w+>\("(.*?)", "(.*?)", "(.*?)"\)""")]
    private static partial Regex Metric();

    [GeneratedRegex("(?:StartActivity|TraceAsync(?:<\\w+>)?)\\(\"(\\w+)\"")]
    private static partial Regex Span();

    [GeneratedRegex("\"((?:fanfold|http)\\.[a-z_.]+)\"")]
    private static partial Regex Tag();

    [GeneratedRegex("`((?:fanfold|http)\\.[a-z_.]+)`")]
    private static partial Regex Code();
}
