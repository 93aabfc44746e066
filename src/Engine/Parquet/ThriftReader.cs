namespace Fanfold.Engine.Parquet;

enum ThriftType : byte { Stop = 0, True = 1, False = 2, Byte = 3, I16 = 4, I32 = 5, I64 = 6, Double = 7, Binary = 8, List = 9, Set = 10, Map = 11, Struct = 12, Uuid = 13 }

/// <summary>
/// Reads the Thrift compact protocol from memory. Every length is checked against the bytes that remain, so no input can
/// loop, allocate beyond its own size, or read outside; a violation is a <see cref="ParquetDataException"/>.
/// </summary>
ref struct ThriftReader(ReadOnlySpan<byte> data)
{
    const int MaxDepth = 64;

    readonly ReadOnlySpan<byte> _data = data;
    int _depth;

    public int Position { get; private set; }

    /// <summary>Moves to the next field of the current struct; false at its end. <paramref name="field"/> starts at 0 and is the struct's own.</summary>
    public bool NextField(scoped ref short field, out ThriftType type)
    {
        var header = Byte();
        type = (ThriftType)(header & 0x0f);
        if (type == ThriftType.Stop) return false;
        if (type > ThriftType.Uuid) throw Corrupt($"unknown Thrift type {(int)type}");
        var delta = header >> 4;
        field = delta == 0 ? checked((short)ZigZag()) : checked((short)(field + delta));
        return true;
    }

    public static bool Bool(ThriftType type) => type switch
    {
        ThriftType.True => true,
        ThriftType.False => false,
        _ => throw Corrupt($"a boolean field has Thrift type {type}"),
    };

    /// <summary>A boolean in a list, where it takes a byte.</summary>
    public bool BoolElement(ThriftType element)
    {
        if (element is not (ThriftType.True or ThriftType.False)) throw Corrupt($"a boolean in a list has Thrift type {element}");
        return Byte() == (byte)ThriftType.True;
    }

    public sbyte I8(ThriftType type)
    {
        Expect(type, ThriftType.Byte);
        return (sbyte)Byte();
    }

    public short I16(ThriftType type)
    {
        Expect(type, ThriftType.I16);
        return checked((short)ZigZag());
    }

    public int I32(ThriftType type)
    {
        Expect(type, ThriftType.I32);
        var value = ZigZag();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Corrupt($"a 32-bit integer has the value {value}");
    }

    public long I64(ThriftType type)
    {
        Expect(type, ThriftType.I64);
        return ZigZag();
    }

    public ReadOnlySpan<byte> Binary(ThriftType type)
    {
        Expect(type, ThriftType.Binary);
        return Bytes(Varint());
    }

    public string String(ThriftType type) => System.Text.Encoding.UTF8.GetString(Binary(type));

    /// <summary>Opens a list and returns its element count, which is at most the bytes that remain.</summary>
    public int List(ThriftType type, out ThriftType element)
    {
        Expect(type, ThriftType.List);
        var header = Byte();
        element = (ThriftType)(header & 0x0f);
        var count = (ulong)(header >> 4);
        if (count == 15) count = Varint();
        if (count > (ulong)(_data.Length - Position)) throw Truncated($"a list of {count} elements in {_data.Length - Position} bytes");
        return (int)count;
    }

    public int StructList(ThriftType type)
    {
        var count = List(type, out var element);
        if (count > 0) Expect(element, ThriftType.Struct);
        return count;
    }

    public void BeginStruct(ThriftType type)
    {
        Expect(type, ThriftType.Struct);
        Enter();
    }

    public void Enter()
    {
        if (++_depth > MaxDepth) throw Corrupt("Thrift structs nest more than 64 deep");
    }

    public void Leave() => _depth--;

    /// <summary>Passes over a value of any type.</summary>
    public void Skip(ThriftType type)
    {
        switch (type)
        {
            case ThriftType.True or ThriftType.False: break;
            case ThriftType.Byte: Byte(); break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64: Varint(); break;
            case ThriftType.Double: Bytes(8); break;
            case ThriftType.Uuid: Bytes(16); break;
            case ThriftType.Binary: Bytes(Varint()); break;
            case ThriftType.Struct:
                Enter();
                short field = 0;
                while (NextField(ref field, out var inner)) Skip(inner);
                Leave();
                break;
            case ThriftType.List or ThriftType.Set:
                Enter();
                var count = List(ThriftType.List, out var element);
                for (var i = 0; i < count; i++) SkipElement(element);
                Leave();
                break;
            case ThriftType.Map:
                Enter();
                var pairs = Varint();
                if (pairs > (ulong)(_data.Length - Position)) throw Truncated($"a map of {pairs} pairs in {_data.Length - Position} bytes");
                if (pairs > 0)
                {
                    var types = Byte();
                    for (ulong i = 0; i < pairs; i++)
                    {
                        SkipElement((ThriftType)(types >> 4));
                        SkipElement((ThriftType)(types & 0x0f));
                    }
                }
                Leave();
                break;
            default: throw Corrupt($"unknown Thrift type {(int)type}");
        }
    }

    // Inside collections a boolean takes a byte of its own; in a struct it is in the field header.
    void SkipElement(ThriftType type)
    {
        if (type is ThriftType.True or ThriftType.False) Byte();
        else Skip(type);
    }

    byte Byte() => Position < _data.Length ? _data[Position++] : throw Truncated("the Thrift structure ends in the middle");

    ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
        throw Corrupt("a varint is longer than 10 bytes");
    }

    long ZigZag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    ReadOnlySpan<byte> Bytes(ulong length)
    {
        if (length > (ulong)(_data.Length - Position)) throw Truncated($"a field of {length} bytes where {_data.Length - Position} remain");
        var bytes = _data.Slice(Position, (int)length);
        Position += (int)length;
        return bytes;
    }

    static void Expect(ThriftType actual, ThriftType expected)
    {
        if (actual != expected) throw Corrupt($"a Thrift field of type {actual} where {expected} belongs");
    }

    static ParquetDataException Corrupt(string cause) => new(ParquetDefect.Corrupt, cause);

    static ParquetDataException Truncated(string cause) => new(ParquetDefect.Truncated, cause);
}
