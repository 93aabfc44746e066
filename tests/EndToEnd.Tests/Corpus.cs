using System.Text.Json;

namespace Fanfold.EndToEnd.Tests;

/// <summary>The folder of real files beside the repository, or where <c>FANFOLD_CORPUS</c> says. It is absent from a plain clone; CI must have it.</summary>
static class Corpus
{
    static readonly string? Folder = Find();

    static string? Find()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Functions.sln"))) root = root.Parent;
        var beside = root?.Parent is { } parent ? Path.Combine(parent.FullName, "shared", "corpus") : null;
        return Directory.Exists(beside) ? beside : Environment.GetEnvironmentVariable("FANFOLD_CORPUS") is { } named && Directory.Exists(named) ? named : null;
    }

    /// <summary>The folder, or the end of the test: skipped with a reason on a plain clone, failed in CI.</summary>
    public static string Require()
    {
        if (Folder is { } folder) return folder;
        Assert.True(Environment.GetEnvironmentVariable("CI") != "true", "../shared/corpus is missing; CI runs with it");
        Assert.Skip("../shared/corpus is not beside this clone");
        return "";
    }

    public static IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(Path.Combine(Require(), file)).Select(line => JsonDocument.Parse(line).RootElement);
}
