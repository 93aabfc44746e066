using System.Text;
using Fanfold.Storage;

namespace Fanfold.Workflow.Spec;

/// <summary>What a path inside a store looks like: relative segments between <c>/</c>, at most 1,024 bytes of UTF-8.</summary>
static class StorePath
{
    public const int MaxBytes = 1024;

    /// <summary>What keeps <paramref name="path"/> from being one, as the rest of a sentence that begins with the path; null when nothing does.</summary>
    public static string? FindFault(string path)
    {
        if (path.Length == 0) return "is empty: write a path like lake/trips";
        if (IsUrl(path))
            return "is a URL, and a spec holds paths within the stores: name the store with --store or the settings, and write only the path here";
        if (MayHoldSecret(path))
            return "is made like a connection string or a signed URL, and a spec holds paths within the stores and no secrets: name the store with --store or the settings, and write only the path here";
        if (path.StartsWith('/')) return "begins with /: paths are relative to the store, so leave the first / out";
        if (path.EndsWith('/')) return "ends with /: leave it out";
        if (path.Contains('\\')) return "has a backslash: separate folders by /";
        if (path.Any(char.IsControl)) return "has a control character";
        foreach (var segment in path.Split('/'))
        {
            if (segment.Length == 0) return "has an empty segment (//): write one /";
            if (segment is "." or "..") return $"has the segment '{segment}': write the path without . and ..";
        }
        return Encoding.UTF8.GetByteCount(path) > MaxBytes ? "is longer than 1,024 bytes" : null;
    }

    /// <summary>Whether a path that is refused must not be repeated.</summary>
    public static bool MayHoldSecret(string path) => IsUrl(path) || path.AsSpan().ContainsAny('?', '&', ';') && Secrets.MayBeIn(path);

    static bool IsUrl(string path) => path.Contains("://", StringComparison.Ordinal);
}
