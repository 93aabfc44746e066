using System.Globalization;
using System.Text;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests.Expressions;

/// <summary>Conditions over a table whose literals often meet its values.</summary>
/// <param name="gentle">Leave out what other engines round or refuse: literals far out of a column's range and exact comparisons of doubles with decimals.</param>
sealed class RandomCondition(Dice dice, RandomTable table, bool gentle = false)
{
    static readonly string[] Symbols = ["=", "==", "<>", "!=", "<", "<=", ">", ">="];

    public Condition Make(int depth = 3)
    {
        if (depth == 0 || dice.Chance(35)) return Leaf();
        return dice.Below(6) switch
        {
            0 => new Opposite(Make(depth - 1)),
            1 => new Undecided(Make(depth - 1), dice.Chance(50)),
            2 => new ComparingTruths(Make(depth - 1), dice.Pick(Symbols), Make(depth - 1)),
            _ => new Chained(dice.Chance(50), [.. Enumerable.Range(0, 2 + dice.Below(3)).Select(_ => Make(depth - 1))]),
        };
    }

    Condition Leaf()
    {
        if (dice.Chance(3)) return new Fixed(dice.Pick<bool?>(true, false, null));
        var ordinal = dice.Below(table.Schema.Count);
        var type = table.Schema[ordinal].Type;
        var column = Column(ordinal);
        if (dice.Chance(10)) return new Absent(column, dice.Chance(50));
        if (type.Kind == TypeKind.Bool) return new Flag(column);
        switch (dice.Below(6))
        {
            case 0:
                var count = dice.Chance(70) ? 1 + dice.Below(4) : 5 + dice.Below(30);
                return new Listed(column, [.. Enumerable.Range(0, count).Select(_ => Literal(ordinal))], dice.Chance(50));
            case 1: return new Inside(column, Literal(ordinal), Literal(ordinal), dice.Chance(50));
            case 2 when Partner(ordinal) is { } other: return new Comparing(column, dice.Pick(Symbols), other);
            case 3: return new Comparing(Literal(ordinal), dice.Pick(Symbols), column);
            default: return new Comparing(column, dice.Pick(Symbols), Literal(ordinal));
        }
    }

    Operand Column(int ordinal) => new(dice.Chance(20) ? $"\"{table.Schema[ordinal].Name}\"" : table.Schema[ordinal].Name, ordinal, null);

    Operand? Partner(int ordinal)
    {
        var type = table.Schema[ordinal].Type;
        var partners = Enumerable.Range(0, table.Schema.Count).Where(i => Compares(type, table.Schema[i].Type)).ToList();
        return partners.Count == 0 ? null : Column(dice.Pick(partners));
    }

    bool Compares(DataType left, DataType right)
    {
        if (gentle && (left.IsFloating && right.Kind == TypeKind.Decimal || left.Kind == TypeKind.Decimal && right.IsFloating)) return false;
        static bool IsDay(DataType type) => type.Kind is TypeKind.Date or TypeKind.Timestamp;
        return left.Kind == right.Kind || left.IsNumeric && right.IsNumeric || IsDay(left) && IsDay(right);
    }

    Operand Literal(int ordinal)
    {
        if (dice.Chance(4)) return new Operand("null", -1, null);
        var type = table.Schema[ordinal].Type;
        var value = table.Rows.Length > 0 && dice.Chance(60) ? table.Rows[dice.Below(table.Rows.Length)][ordinal] : Scalar.Null(type);
        if (value.IsNull || value.Type.IsFloating && !double.IsFinite(value.FloatingValue)) value = Sample(type);
        switch (type.Kind)
        {
            case TypeKind.String or TypeKind.Binary:
                if (type.Kind == TypeKind.Binary && !IsAscii(value)) value = Scalar.Bytes(type, "a"u8.ToArray());
                return new Operand(Quote(Encoding.UTF8.GetString(value.BytesValue)), -1, ExactValue.Of(value));
            case TypeKind.Uuid or TypeKind.Time:
                return new Operand(Quote(value.ToString()), -1, ExactValue.Of(value));
            case TypeKind.Date or TypeKind.Timestamp:
                return Instant(type, value);
            default:
                var number = NumberText(type, value);
                return new Operand(number, -1, ExactValue.OfNumber(number, type));
        }
    }

    Scalar Sample(DataType type)
    {
        while (true)
        {
            var value = gentle ? DuckDbTable.Value(dice, type) : RandomTable.RandomValue(dice, type);
            if (!type.IsFloating || double.IsFinite(value.FloatingValue)) return value;
        }
    }

    Operand Instant(DataType type, Scalar value)
    {
        var text = value.ToString();
        if (type.Kind == TypeKind.Date)
        {
            if (dice.Chance(30)) return new Operand($"timestamp '{text}'", -1, ExactValue.Of(value));
            if (dice.Chance(30)) return new Operand($"timestamp '{text} 12:00:00'", -1, ExactValue.Of((value.IntegerValue * 2 + 1) * 43_200, 1));
            return new Operand((dice.Chance(50) ? "date " : "") + Quote(text), -1, ExactValue.Of(value));
        }
        var day = text[..text.LastIndexOf(' ')];
        if (dice.Chance(20)) return new Operand($"DATE '{day}'", -1, ExactValue.Of(TemporalText.ParseDate(day)!.Value * (Int128)86_400, 1));
        return new Operand((dice.Chance(50) ? "timestamp " : "") + Quote(text), -1, ExactValue.Of(value));
    }

    string NumberText(DataType type, Scalar value)
    {
        var text = value.ToString();
        if (gentle || dice.Chance(60)) return text;
        return dice.Below(7) switch
        {
            0 => dice.Pick("1e40", "-1e40", "1e400", "-1e400", "1e-400", "123456789012345678901234567890123456789012345", "-170141183460469231731687303715884105728"),
            1 when text.All(c => char.IsAsciiDigit(c) || c == '-') => text + dice.Pick(".0", ".5", ".000", ".00000000000000000000000000000000000000000001"),
            2 when !text.Contains('E') => text + "e" + dice.Pick("0", "1", "-1", "+2"),
            3 when text.Contains('.') && !text.Contains('E') => text + dice.Pick("0", "5", "0000000000000000000000000000000000000000000000001"),
            4 => dice.Pick("9007199254740993", "9007199254740992", "16777217", "2147483648", "-2147483649", "9223372036854775808", "18446744073709551616", "-1"),
            5 => dice.Pick("0.1", ".5", "0", "-0.0", "2.5", "-2.5"),
            _ => text,
        };
    }

    static bool IsAscii(Scalar value) => !value.BytesValue.ContainsAnyExceptInRange((byte)0, (byte)127);

    static string Quote(string text) => "'" + text.Replace("'", "''") + "'";
}
