namespace Fanfold.Engine.Expressions;

enum TokenKind : byte { End, Name, QuotedName, Keyword, Integer, Decimal, Text, Symbol }

/// <summary>Where something stands in the text, in UTF-16 units.</summary>
readonly record struct SourceSpan(int Position, int Length)
{
    public int End => Position + Length;

    /// <summary>From the start of the one that comes first to the end of the other.</summary>
    public SourceSpan To(SourceSpan other)
    {
        var start = Math.Min(Position, other.Position);
        return new SourceSpan(start, Math.Max(End, other.End) - start);
    }
}

/// <param name="Value">Names and texts without quotes and escapes, keywords in lower case, all else as written.</param>
readonly record struct Token(TokenKind Kind, SourceSpan Span, string Value)
{
    public bool Is(string value) => Kind is TokenKind.Keyword or TokenKind.Symbol && Value == value;

    /// <summary>Whether this is an unquoted name spelled so, case aside: a word that only means something in its place.</summary>
    public bool IsWord(string word) => Kind == TokenKind.Name && Value.Equals(word, StringComparison.OrdinalIgnoreCase);
}
