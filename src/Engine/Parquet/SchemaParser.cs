using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Flattens the schema tree of a footer into its leaves and gives each its logical type.</summary>
/// <remarks>parquet.thrift, SchemaElement; LogicalTypes.md. The logical type wins over the older converted type.</remarks>
static class SchemaParser
{
    const int MaxDepth = 100;

    struct Element
    {
        public PhysicalType? Physical;
        public int TypeLength, Repetition, Children, Scale, Precision;
        public int? Converted;
        public string Name;
        public LogicalType Logical;
    }

    enum LogicalType { None, String, Decimal, Date, Time, Timestamp, Integer, Uuid, Float16, Other }

    public static List<ParquetColumn> Parse(ref ThriftReader reader, ThriftType listType)
    {
        var count = reader.StructList(listType);
        if (count == 0) throw new ParquetDataException(ParquetDefect.Corrupt, "the schema is empty");
        var elements = new List<(Element Element, DataType? LogicalDetail)>(Math.Min(count, 4096));
        for (var i = 0; i < count; i++) elements.Add(ParseElement(ref reader));
        var columns = new List<ParquetColumn>();
        var next = 1;
        var root = elements[0].Element;
        for (var child = 0; child < root.Children; child++) Flatten(elements, ref next, "", null, depth: 1, columns);
        if (next != elements.Count) throw new ParquetDataException(ParquetDefect.Corrupt, $"the schema tree uses {next} of {elements.Count} elements");
        return columns;
    }

    static void Flatten(List<(Element Element, DataType? LogicalDetail)> elements, ref int next, string prefix, string? root, int depth, List<ParquetColumn> columns)
    {
        if (depth > MaxDepth) throw new ParquetDataException(ParquetDefect.TooLarge, $"the schema nests more than {MaxDepth} deep");
        if (next >= elements.Count) throw new ParquetDataException(ParquetDefect.Corrupt, "the schema tree has fewer elements than its groups count");
        var (element, detail) = elements[next++];
        var name = prefix + element.Name;
        if (element.Physical is { } physical)
        {
            var flat = root is null && element.Repetition != 2;
            var (type, refusal) = flat ? TypeOf(element, physical, detail) : (null, "nested columns are not read");
            columns.Add(new ParquetColumn(columns.Count, name, root ?? element.Name, physical, element.TypeLength, flat, element.Repetition == 1, type, refusal, false, element.Logical == LogicalType.Float16));
            return;
        }
        for (var child = 0; child < element.Children; child++) Flatten(elements, ref next, name + ".", root ?? element.Name, depth + 1, columns);
    }

    static (DataType? Type, string? Refusal) TypeOf(in Element element, PhysicalType physical, DataType? detail)
    {
        if (physical == PhysicalType.FixedLenByteArray && element.TypeLength is (<= 0 or > 1 << 20))
            return (null, $"a fixed length of {element.TypeLength} bytes");
        var logical = element.Logical == LogicalType.None ? FromConverted(element) : detail;
        if (logical is { Kind: TypeKind.Decimal } && (element.Precision is < 1 or > 38 || element.Scale < 0 || element.Scale > element.Precision))
            return (null, $"a decimal of precision {element.Precision} and scale {element.Scale}");
        if (element.Logical == LogicalType.Float16)
            return physical == PhysicalType.FixedLenByteArray && element.TypeLength == 2 ? (DataType.Float, null) : (null, "a FLOAT16 that is not 2 bytes wide");
        if (element is { Logical: LogicalType.None, Converted: 21 }) return (null, "the type INTERVAL is not read");
        if (logical is { } type && Fits(type, physical, element.TypeLength)) return (type, null);
        return physical switch
        {
            PhysicalType.Boolean => (DataType.Bool, null),
            PhysicalType.Int32 => (DataType.Int32, null),
            PhysicalType.Int64 => (DataType.Int64, null),
            // INT96 spans years that nanoseconds in 64 bits do not; microseconds hold every date that its writers know.
            PhysicalType.Int96 => (DataType.Timestamp(TimeUnit.Micros), null),
            PhysicalType.Float => (DataType.Float, null),
            PhysicalType.Double => (DataType.Double, null),
            _ => (DataType.Binary, null),
        };
    }

    // An annotation on a physical type it is not defined for is ignored, as the format asks of readers.
    static bool Fits(DataType type, PhysicalType physical, int typeLength) => type.Kind switch
    {
        TypeKind.String => physical == PhysicalType.ByteArray,
        TypeKind.Uuid => physical == PhysicalType.FixedLenByteArray && typeLength == 16,
        TypeKind.Date => physical == PhysicalType.Int32,
        TypeKind.Time => physical == (type.Unit == TimeUnit.Millis ? PhysicalType.Int32 : PhysicalType.Int64),
        TypeKind.Timestamp or TypeKind.Int64 or TypeKind.UInt64 => physical == PhysicalType.Int64,
        TypeKind.Decimal => physical is PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray or PhysicalType.FixedLenByteArray,
        _ => physical == PhysicalType.Int32,
    };

    static DataType? FromConverted(in Element element) => element.Converted switch
    {
        0 or 4 or 19 => DataType.String, // UTF8, ENUM, JSON
        5 => DecimalOf(element),
        6 => DataType.Date,
        7 => DataType.Time(TimeUnit.Millis, isUtc: true),
        8 => DataType.Time(TimeUnit.Micros, isUtc: true),
        9 => DataType.Timestamp(TimeUnit.Millis, isUtc: true),
        10 => DataType.Timestamp(TimeUnit.Micros, isUtc: true),
        11 => new DataType(TypeKind.UInt8),
        12 => new DataType(TypeKind.UInt16),
        13 => new DataType(TypeKind.UInt32),
        14 => new DataType(TypeKind.UInt64),
        15 => new DataType(TypeKind.Int8),
        16 => new DataType(TypeKind.Int16),
        17 => DataType.Int32,
        18 => DataType.Int64,
        _ => null,
    };

    static DataType DecimalOf(in Element element) => new(TypeKind.Decimal, (byte)Math.Clamp(element.Precision, 0, 255), (byte)Math.Clamp(element.Scale, 0, 255));

    static (Element, DataType?) ParseElement(ref ThriftReader reader)
    {
        var element = new Element { Name = "" };
        DataType? detail = null;
        int? physical = null;
        reader.Enter();
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: physical = reader.I32(type); break;
                case 2: element.TypeLength = reader.I32(type); break;
                case 3: element.Repetition = reader.I32(type); break;
                case 4: element.Name = reader.String(type); break;
                case 5: element.Children = reader.I32(type); break;
                case 6: element.Converted = reader.I32(type); break;
                case 7: element.Scale = reader.I32(type); break;
                case 8: element.Precision = reader.I32(type); break;
                case 10: detail = ParseLogicalType(ref reader, type, ref element); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
        if (physical is < 0 or > 7) throw new ParquetDataException(ParquetDefect.Corrupt, $"unknown physical type {physical}").At(column: element.Name);
        if (element.Children < 0 || element.Repetition is < 0 or > 2) throw new ParquetDataException(ParquetDefect.Corrupt, "a schema element has a negative child count or an unknown repetition").At(column: element.Name);
        // A group with children that also names a physical type is a group; a leaf is what has a type and no children.
        element.Physical = element.Children > 0 ? null : (PhysicalType?)physical;
        if (element.Logical == LogicalType.Decimal) detail = DecimalOf(element);
        return (element, detail);
    }

    static DataType? ParseLogicalType(ref ThriftReader reader, ThriftType structType, ref Element element)
    {
        DataType? detail = null;
        reader.BeginStruct(structType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1 or 4 or 11: // STRING, ENUM, JSON
                    element.Logical = LogicalType.String;
                    detail = DataType.String;
                    reader.Skip(type);
                    break;
                case 5:
                    element.Logical = LogicalType.Decimal;
                    ParseDecimal(ref reader, type, ref element);
                    break;
                case 6:
                    element.Logical = LogicalType.Date;
                    detail = DataType.Date;
                    reader.Skip(type);
                    break;
                case 7 or 8:
                    element.Logical = field == 7 ? LogicalType.Time : LogicalType.Timestamp;
                    detail = ParseTemporal(ref reader, type, field == 7 ? TypeKind.Time : TypeKind.Timestamp);
                    break;
                case 10:
                    element.Logical = LogicalType.Integer;
                    detail = ParseInteger(ref reader, type);
                    break;
                case 14:
                    element.Logical = LogicalType.Uuid;
                    detail = DataType.Uuid;
                    reader.Skip(type);
                    break;
                case 15:
                    element.Logical = LogicalType.Float16;
                    reader.Skip(type);
                    break;
                default:
                    element.Logical = LogicalType.Other;
                    reader.Skip(type);
                    break;
            }
        }
        reader.Leave();
        return detail;
    }

    static void ParseDecimal(ref ThriftReader reader, ThriftType structType, ref Element element)
    {
        reader.BeginStruct(structType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: element.Scale = reader.I32(type); break;
                case 2: element.Precision = reader.I32(type); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
    }

    static DataType? ParseTemporal(ref ThriftReader reader, ThriftType structType, TypeKind kind)
    {
        var utc = false;
        var unit = TimeUnit.None;
        reader.BeginStruct(structType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            if (field == 1) utc = ThriftReader.Bool(type);
            else if (field == 2)
            {
                reader.BeginStruct(type);
                short unitField = 0;
                while (reader.NextField(ref unitField, out var unitType))
                {
                    unit = unitField is >= 1 and <= 3 ? (TimeUnit)unitField : unit;
                    reader.Skip(unitType);
                }
                reader.Leave();
            }
            else reader.Skip(type);
        }
        reader.Leave();
        return unit == TimeUnit.None ? null : new DataType(kind, Unit: unit, IsUtc: utc);
    }

    static DataType? ParseInteger(ref ThriftReader reader, ThriftType structType)
    {
        var width = 0;
        var signed = true;
        reader.BeginStruct(structType);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: width = reader.I8(type); break;
                case 2: signed = ThriftReader.Bool(type); break;
                default: reader.Skip(type); break;
            }
        }
        reader.Leave();
        return (width, signed) switch
        {
            (8, true) => new DataType(TypeKind.Int8),
            (16, true) => new DataType(TypeKind.Int16),
            (32, true) => DataType.Int32,
            (64, true) => DataType.Int64,
            (8, false) => new DataType(TypeKind.UInt8),
            (16, false) => new DataType(TypeKind.UInt16),
            (32, false) => new DataType(TypeKind.UInt32),
            (64, false) => DataType.UInt64,
            _ => null,
        };
    }
}
