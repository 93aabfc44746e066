using System.Text;

namespace Fanfold.Engine.Expressions;

/// <summary>A <c>like</c> pattern: <c>%</c> is any text, <c>_</c> any one character, everything else itself; case counts. There is no escape.</summary>
sealed class LikePattern
{
    const byte Any = (byte)'%', One = (byte)'_';

    readonly byte[] _pattern;

    /// <summary>What stands between a <c>%</c> at the start, or none, and one at the end, or none, when that has no wildcard.</summary>
    readonly byte[]? _only;

    LikePattern(byte[] pattern, byte[] prefix, byte[]? only) => (_pattern, Prefix, _only) = (pattern, prefix, only);

    /// <summary>What every match begins with.</summary>
    public byte[] Prefix { get; }

    /// <summary>Whether it matches its own text alone.</summary>
    public bool IsLiteral => Prefix.Length == _pattern.Length;

    public static bool HasWildcards(string text) => text.AsSpan().ContainsAny('%', '_');

    public static LikePattern Parse(string text)
    {
        var pattern = Encoding.UTF8.GetBytes(text);
        var end = pattern.AsSpan().IndexOfAny(Any, One);
        var only = pattern.AsSpan().Trim(Any);
        return new LikePattern(pattern, end < 0 ? pattern : pattern[..end], only.ContainsAny(Any, One) ? null : only.ToArray());
    }

    public bool Matches(ReadOnlySpan<byte> text)
    {
        if (_only is null) return MatchesWildcards(text);
        return (_pattern.AsSpan().StartsWith([Any]), _pattern.AsSpan().EndsWith([Any])) switch
        {
            (true, true) => text.IndexOf(_only) >= 0,
            (true, false) => text.EndsWith(_only),
            (false, true) => text.StartsWith(_only),
            _ => text.SequenceEqual(_only),
        };
    }

    // Goes back to the last % only, so time is at most the product of the lengths.
    bool MatchesWildcards(ReadOnlySpan<byte> text)
    {
        var pattern = _pattern.AsSpan();
        int at = 0, next = 0, star = -1, mark = 0;
        while (at < text.Length)
        {
            if (next < pattern.Length && pattern[next] == Any)
            {
                star = next++;
                mark = at;
            }
            else if (next < pattern.Length && pattern[next] == One)
            {
                next++;
                at = AfterCharacter(text, at);
            }
            else if (next < pattern.Length && pattern[next] == text[at])
            {
                next++;
                at++;
            }
            else if (star < 0) return false;
            else
            {
                next = star + 1;
                at = mark = AfterCharacter(text, mark);
            }
        }
        return !pattern[next..].ContainsAnyExcept(Any);
    }

    static int AfterCharacter(ReadOnlySpan<byte> text, int at)
    {
        at++;
        while (at < text.Length && TextFunctions.IsContinuation(text[at])) at++;
        return at;
    }
}
