using System.Globalization;
using System.Text.RegularExpressions;

namespace Fanfold.Workflow.Spec;

/// <summary>A number of bytes, written with a unit: <c>512MiB</c>, <c>1.5GiB</c>, <c>500MB</c> (decimal), <c>1024B</c>.</summary>
public readonly partial record struct ByteSize(long Bytes) : IComparable<ByteSize>
{
    static readonly (string Name, long Bytes)[] Units =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("B", 1),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000),
    ];

    /// <summary>Units are case-sensitive, and the size must be a whole number of bytes.</summary>
    public static bool TryParse(string text, out ByteSize size)
    {
        size = default;
        var match = Shape().Match(text);
        if (!match.Success) return false;
        var unit = Array.Find(Units, unit => unit.Name == match.Groups[2].Value).Bytes;
        var bytes = decimal.Parse(match.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * unit;
        if (bytes != decimal.Truncate(bytes) || bytes > long.MaxValue) return false;
        size = new ByteSize((long)bytes);
        return true;
    }

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);
    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;
    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;
    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;
    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    /// <summary>The size in the largest binary unit that divides it.</summary>
    public override string ToString()
    {
        var bytes = Bytes;
        var (name, unit) = Array.Find(Units, unit => bytes % unit.Bytes == 0);
        return (bytes / unit).ToString(CultureInfo.InvariantCulture) + name;
    }

    [GeneratedRegex(@"^([0-9]{1,15}(?:\.[0-9]{1,9})?)([KMGT]i?B|B)\z")]
    private static partial Regex Shape();
}
