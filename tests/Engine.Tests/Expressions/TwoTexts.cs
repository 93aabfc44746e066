namespace Fanfold.Engine.Tests.Expressions;

/// <summary>An expression as it is written here and in DuckDB, which names a few things differently or computes them in narrower types.</summary>
sealed record TwoTexts(string Ours, string DuckDb)
{
    public static TwoTexts Same(string text) => new(text, text);

    public static TwoTexts Format(string ours, string duckDb, params TwoTexts[] parts) =>
        new(string.Format(null, ours, [.. parts.Select(part => part.Ours)]), string.Format(null, duckDb, [.. parts.Select(part => part.DuckDb)]));

    public static TwoTexts Format(string both, params TwoTexts[] parts) => Format(both, both, parts);
}
