using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    /// <summary>The names of types, those of SQL included; a decimal has digits behind its name.</summary>
    static readonly Dictionary<string, DataType> TypeNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["bool"] = DataType.Bool, ["boolean"] = DataType.Bool,
        ["int8"] = new(TypeKind.Int8), ["tinyint"] = new(TypeKind.Int8), ["int16"] = new(TypeKind.Int16), ["smallint"] = new(TypeKind.Int16),
        ["int32"] = DataType.Int32, ["int"] = DataType.Int32, ["integer"] = DataType.Int32, ["int64"] = DataType.Int64, ["bigint"] = DataType.Int64,
        ["uint8"] = new(TypeKind.UInt8), ["utinyint"] = new(TypeKind.UInt8), ["uint16"] = new(TypeKind.UInt16), ["usmallint"] = new(TypeKind.UInt16),
        ["uint32"] = new(TypeKind.UInt32), ["uinteger"] = new(TypeKind.UInt32), ["uint64"] = DataType.UInt64, ["ubigint"] = DataType.UInt64,
        ["float"] = DataType.Float, ["real"] = DataType.Float, ["double"] = DataType.Double, ["decimal"] = DataType.Decimal(18, 3), ["numeric"] = DataType.Decimal(18, 3),
        ["string"] = DataType.String, ["varchar"] = DataType.String, ["text"] = DataType.String,
        ["date"] = DataType.Date, ["time"] = DataType.Time(TimeUnit.Micros),
        ["timestamp"] = DataType.Timestamp(TimeUnit.Micros), ["timestamp_ms"] = DataType.Timestamp(TimeUnit.Millis), ["timestamp_us"] = DataType.Timestamp(TimeUnit.Micros),
        ["timestamp_ns"] = DataType.Timestamp(TimeUnit.Nanos), ["timestamptz"] = DataType.Timestamp(TimeUnit.Micros, isUtc: true),
    };

    BoundExpression? BindCast(CastNode node)
    {
        var bound = Bind(node.Value);
        if (ParseType(node) is not { } type || bound is null) return null;
        if (bound is LiteralExpression literal and not TextLiteral && Adopt(literal, type) is { } adopted) return new ConstantValue(adopted);
        var value = AsValue(bound, type);
        if (Cast.Of(value, type, node.GivesNull ? null : $"{TextOf(node.Span)} has no {type} for a value; try_cast gives null for it") is { } cast) return Fold(cast, node.Span);
        Fault(FaultCode.Type, node.Span, $"there is no cast from {value.Type} to {type}");
        return null;
    }

    DataType? ParseType(CastNode node)
    {
        var open = node.TypeName.IndexOf('(', StringComparison.Ordinal);
        var name = open < 0 ? node.TypeName : node.TypeName[..open];
        if (!TypeNames.TryGetValue(name, out var type))
        {
            Fault(FaultCode.Type, node.TypeSpan, $"unknown type {Quotation.Of(name)}{NearestName.Suggest(name, TypeNames.Keys)}");
            return null;
        }
        if (open < 0) return type;
        var numbers = node.TypeName[(open + 1)..^1].Split(',').Select(digits => int.TryParse(digits, out var number) ? number : int.MaxValue).ToArray();
        if (type.Kind == TypeKind.Decimal && numbers is [>= 1 and <= 38 and var precision, ..] && numbers.Length <= 2 && (numbers.Length == 1 ? 0 : numbers[1]) is var scale && scale <= precision) return DataType.Decimal(precision, scale);
        Fault(FaultCode.Type, node.TypeSpan, type.Kind == TypeKind.Decimal ? "a decimal has 1 to 38 digits, of which some are behind the point, as in decimal(18,2)" : $"{Quotation.Of(name)} takes no number");
        return null;
    }
}
