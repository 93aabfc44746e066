namespace Fanfold.Workflow.Spec;

/// <summary>Finds the word that was probably meant.</summary>
public static class Suggestion
{
    const int MaxLength = 40, MaxCandidates = 100;

    /// <summary>The part of a sentence <c>; did you mean 'x'?</c>, or <paramref name="otherwise"/> when no candidate is near.</summary>
    public static string For(string word, IEnumerable<string> candidates, string otherwise = "") =>
        Closest(word, candidates) is { } closest ? $"; did you mean {Quoted.Text(closest)}?" : otherwise;

    /// <summary>The candidate with the fewest edits, letter case aside: at most about one in three characters.</summary>
    public static string? Closest(string word, IEnumerable<string> candidates)
    {
        if (word.Length is 0 or > MaxLength) return null;
        string? closest = null;
        var best = Math.Max(1, (word.Length + 1) / 3) + 1;
        foreach (var candidate in candidates.Take(MaxCandidates))
        {
            if (candidate.Length > MaxLength) continue;
            var distance = Distance(word, candidate);
            if (distance >= best || distance >= candidate.Length) continue;
            best = distance;
            closest = candidate;
        }
        return closest;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).</summary>
    static int Distance(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        Span<int> before = stackalloc int[MaxLength + 1], previous = stackalloc int[MaxLength + 1], current = stackalloc int[MaxLength + 1];
        for (var j = 0; j <= right.Length; j++) previous[j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = previous[j - 1] + (Same(left[i - 1], right[j - 1]) ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(previous[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1])) current[j] = Math.Min(current[j], before[j - 2] + 1);
            }
            var reused = before;
            before = previous;
            previous = current;
            current = reused;
        }
        return previous[right.Length];
    }

    static bool Same(char left, char right) => char.ToLowerInvariant(left) == char.ToLowerInvariant(right);
}
