namespace Fanfold.Engine.Expressions;

/// <summary>How messages repeat what a user wrote.</summary>
static class Quotation
{
    const int Longest = 60;

    public static string Of(string text) => $"'{(text.Length <= Longest ? text : text[..Longest] + "…")}'";
}
