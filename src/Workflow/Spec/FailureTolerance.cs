using System.Globalization;
using System.Text.RegularExpressions;

namespace Fanfold.Workflow.Spec;

/// <summary>How many failures a run bears: a count, or a percentage of all.</summary>
public readonly partial record struct FailureTolerance
{
    FailureTolerance(bool isPercentage, decimal amount) => (IsPercentage, Amount) = (isPercentage, amount);

    public bool IsPercentage { get; }

    /// <summary>0 to 100 for a percentage; a whole number otherwise.</summary>
    public decimal Amount { get; }

    public static FailureTolerance Percentage(decimal percent) => new(true, percent);

    public static FailureTolerance Count(long count) => new(false, count);

    /// <summary>The failures borne among <paramref name="total"/>; a percentage is rounded down.</summary>
    public long Allowed(long total) => IsPercentage ? (long)(total * Amount / 100) : (long)Math.Min(Amount, total);

    /// <summary>Reads <c>5%</c>, <c>0.5%</c> or <c>3</c>. Does not check that a percentage is at most 100.</summary>
    public static bool TryParse(string text, out FailureTolerance tolerance)
    {
        tolerance = default;
        if (!Shape().IsMatch(text)) return false;
        tolerance = text.EndsWith('%')
            ? Percentage(decimal.Parse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture))
            : Count(long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture));
        return true;
    }

    public override string ToString() => Amount.ToString("0.######", CultureInfo.InvariantCulture) + (IsPercentage ? "%" : "");

    [GeneratedRegex(@"^([0-9]{1,3}(\.[0-9]{1,6})?%|[0-9]{1,18})\z")]
    private static partial Regex Shape();
}
