using System.Globalization;
using System.Text;

namespace Fanfold.LocalHost;

/// <summary>Values as a terminal may safely show them.</summary>
static class TerminalText
{
    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => (bytes / 1024.0).ToString("0.0", CultureInfo.InvariantCulture) + " KiB",
        < 1 << 30 => (bytes / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture) + " MiB",
        < 1L << 40 => (bytes / 1073741824.0).ToString("0.00", CultureInfo.InvariantCulture) + " GiB",
        _ => (bytes / 1099511627776.0).ToString("0.00", CultureInfo.InvariantCulture) + " TiB",
    };

    /// <summary>A number in a few characters: <c>9,999</c>, <c>12.3 k</c>, <c>4.5 M</c>.</summary>
    public static string Count(long number) => number switch
    {
        < 10_000 => number.ToString("N0", CultureInfo.InvariantCulture),
        < 1_000_000 => (number / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + " k",
        < 1_000_000_000 => (number / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + " M",
        _ => (number / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + " G",
    };

    /// <summary>Names and values come from files and specs: control and direction characters could rewrite the screen.</summary>
    public static string Safe(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            var hidden = char.IsControl(c) && c is not '\n' || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.Surrogate && !char.IsSurrogate(c);
            safe.Append(hidden ? $"\\u{(int)c:x4}" : c);
        }
        return safe.ToString();
    }
}
