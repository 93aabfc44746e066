using System.CommandLine;
using System.Globalization;

namespace Fanfold.LocalHost.Verbs;

/// <summary>How long, as people write it: a whole number and a unit.</summary>
static class DurationText
{
    /// <summary>Makes what is no duration a fault of the command line.</summary>
    public static void Check<T>(Option<T> option) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<T>() is string text && Parse(text) is null) result.AddError($"{option.Name} '{TerminalText.Safe(text)}': write a whole number and a unit, such as 30d, 12h, 45m or 90s.");
    });

    public static TimeSpan? Parse(string text)
    {
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)) return null;
        return text[^1] switch
        {
            'd' when count <= 36_500 => TimeSpan.FromDays(count),
            'h' when count <= 876_000 => TimeSpan.FromHours(count),
            'm' => TimeSpan.FromMinutes(count),
            's' => TimeSpan.FromSeconds(count),
            _ => null,
        };
    }
}
