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
        _ => (bytes / 1073741824.0).ToString("0.00", CultureInfo.InvariantCulture) + " GiB",
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
