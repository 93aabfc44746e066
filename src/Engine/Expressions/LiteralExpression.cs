using System.Text;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A value written out, which takes the type of what it meets; <see cref="BoundExpression.Type"/> is what it is by itself. True and false are conditions instead.</summary>
abstract class LiteralExpression(DataType type, string kind) : BoundExpression(type)
{
    /// <summary>What messages call it.</summary>
    public string Kind => kind;

    /// <summary>The order of two literals, or null when they don't compare.</summary>
    public static int? Compare(LiteralExpression left, LiteralExpression right) => (left, right) switch
    {
        (NumberLiteral a, NumberLiteral b) => a.Value.CompareTo(b.Value),
        (TextLiteral a, TextLiteral b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes),
        (InstantLiteral a, InstantLiteral b) => a.Nanos.CompareTo(b.Nanos),
        (InstantLiteral a, TextLiteral b) => TemporalText.ParseTimestampNanos(b.Text) is { } nanos ? a.Nanos.CompareTo(nanos) : null,
        (TextLiteral, InstantLiteral) => -Compare(right, left),
        _ => null,
    };

    internal override void CollectColumns(IDictionary<int, DataType> columns)
    {
    }
}

/// <summary><c>null</c>; by itself an unknown truth.</summary>
sealed class NullLiteral() : LiteralExpression(DataType.Bool, "null");

sealed class NumberLiteral(ExactNumber value) : LiteralExpression(TypeOf(value), "a number")
{
    public ExactNumber Value => value;

    static DataType TypeOf(ExactNumber value)
    {
        if (!value.IsInteger || value.Scale(0) is not var (integer, _)) return DataType.Double;
        if (integer >= long.MinValue && integer <= long.MaxValue) return DataType.Int64;
        var limit = DataType.PowerOfTen(38);
        return integer > -limit && integer < limit ? DataType.Decimal(38, 0) : DataType.Double;
    }
}

sealed class TextLiteral(string text) : LiteralExpression(DataType.String, "text")
{
    public string Text => text;

    public byte[] Bytes { get; } = Encoding.UTF8.GetBytes(text);
}

/// <summary><c>date '…'</c> or <c>timestamp '…'</c>, in nanoseconds since 1970.</summary>
sealed class InstantLiteral(DataType type, Int128 nanos) : LiteralExpression(type, type.Kind == TypeKind.Date ? "a date" : "a timestamp")
{
    public const long NanosPerDay = 86_400_000_000_000;

    public Int128 Nanos => nanos;

    /// <summary>The literal, or null when the text is no date or timestamp.</summary>
    public static InstantLiteral? Parse(TypeKind kind, string text)
    {
        if (kind == TypeKind.Date) return TemporalText.ParseDate(text) is { } days ? new InstantLiteral(DataType.Date, (Int128)days * NanosPerDay) : null;
        if (TemporalText.ParseTimestampNanos(text) is not { } nanos) return null;
        return new InstantLiteral(DataType.Timestamp(nanos % 1_000 == 0 ? TimeUnit.Micros : TimeUnit.Nanos), nanos);
    }
}
