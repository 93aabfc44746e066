using System.Globalization;
using System.Text;

namespace Fanfold.Workflow.Spec;

/// <summary>Foreign text made fit for a message: short, on one line, and harmless to a terminal.</summary>
static class Quoted
{
    const int MaxLength = 80;

    public static string Text(string text) => $"'{Clip(text)}'";

    public static string Clip(string text)
    {
        var clipped = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (clipped.Length >= MaxLength) return clipped.Append('…').ToString();
            // Format characters include the bidirectional overrides, which can make a line read as another.
            if (Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                clipped.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else clipped.Append(rune.ToString());
        }
        return clipped.ToString();
    }
}
