using System.Diagnostics.CodeAnalysis;

namespace Fanfold.Workflow.Spec;

/// <summary>
/// A pattern for relative paths. <c>*</c> matches any characters of one segment, <c>?</c> exactly one character (a whole code
/// point), <c>**</c> as a segment of its own any number of segments, none included; at the end, <c>**</c> is at least one.
/// All else matches itself, case counts, and the whole path must match.
/// </summary>
/// <remarks>
/// Brackets and braces are refused instead of taken literally: other tools give them a meaning, and a pattern that silently
/// matches nothing is worse than a refusal.
/// </remarks>
public sealed class Glob
{
    readonly string[] _segments;

    Glob(string pattern) => _segments = pattern.Split('/');

    /// <exception cref="FormatException">The pattern is not a glob.</exception>
    public static Glob Parse(string pattern) => TryParse(pattern, out var glob, out var fault) ? glob : throw new FormatException(fault);

    /// <param name="fault">A sentence part such as <c>has an empty segment</c>.</param>
    public static bool TryParse(string pattern, [NotNullWhen(true)] out Glob? glob, [NotNullWhen(false)] out string? fault)
    {
        glob = null;
        fault = StorePath.FindFault(pattern) ?? FindFault(pattern);
        if (fault is not null) return false;
        glob = new Glob(pattern);
        return true;
    }

    /// <summary>Takes time in the order of the product of both lengths at worst, and no memory.</summary>
    public bool Matches(ReadOnlySpan<char> path)
    {
        // Only the last ** can need another try: what the ones before it matched stays right whatever follows.
        int segment = 0, at = 0, retrySegment = -1, retryAt = 0;
        while (at <= path.Length)
        {
            var end = path[at..].IndexOf('/') is var length && length < 0 ? path.Length : at + length;
            if (segment < _segments.Length && _segments[segment] == "**")
            {
                if (segment == _segments.Length - 1) return true;
                retrySegment = ++segment;
                retryAt = end + 1;
            }
            else if (segment < _segments.Length && MatchesSegment(_segments[segment], path[at..end]))
            {
                segment++;
                at = end + 1;
            }
            else if (retrySegment >= 0)
            {
                segment = retrySegment;
                at = retryAt;
                if (at <= path.Length) retryAt = path[at..].IndexOf('/') is var next && next < 0 ? path.Length + 1 : at + next + 1;
            }
            else return false;
        }
        return segment == _segments.Length;
    }

    static bool MatchesSegment(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0, t = 0, star = -1, starText = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                starText = t;
            }
            else if (p < pattern.Length && pattern[p] == '?')
            {
                p++;
                t += t + 1 < text.Length && char.IsSurrogatePair(text[t], text[t + 1]) ? 2 : 1;
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++starText;
            }
            else return false;
        }
        return pattern[p..].TrimStart('*').IsEmpty;
    }

    static string? FindFault(string pattern)
    {
        if (pattern.AsSpan().IndexOfAny("[]{}") is >= 0 and var bracket)
            return $"has '{pattern[bracket]}', which is not part of these globs: write ? for that one character, or list several globs";
        foreach (var segment in pattern.Split('/'))
            if (segment != "**" && segment.Contains("**", StringComparison.Ordinal))
                return "has ** beside other characters: ** must stand alone between slashes, * matches inside a segment";
        return null;
    }
}
