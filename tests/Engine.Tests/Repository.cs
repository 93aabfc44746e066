namespace Fanfold.Engine.Tests;

/// <summary>Files of the repository that tests read.</summary>
static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Functions.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests don't run inside the repository.");
    }

    /// <summary>The contents of a Markdown page's code blocks of a kind.</summary>
    public static IEnumerable<string> Blocks(string path, string kind)
    {
        var parts = Read(path).Split("```");
        return parts.Where((part, i) => i % 2 == 1 && part.StartsWith(kind + "\n", StringComparison.Ordinal)).Select(part => part[(kind.Length + 1)..]);
    }
}
