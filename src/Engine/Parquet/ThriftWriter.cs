namespace Fanfold.Engine.Parquet;

/// <summary>Writes the Thrift compact protocol into a buffer. Fields of a struct are written in ascending order; a struct is opened and closed explicitly.</summary>
/// <param name="account">Charged for the buffer; null for few bytes.</param>
sealed class ThriftWriter(MemoryAccount? account = null)
{
    readonly ByteWriter _output = new(account);
    readonly Stack<short> _outer = new();
    short _lastField;

    public ReadOnlyMemory<byte> Written => _output.Written;

    public void Clear() => _output.Clear();

    /// <summary>Gives the buffer back. The writer must not be used after it.</summary>
    public void Release() => _output.Release();

    public void I32(short field, int value)
    {
        Field(field, ThriftType.I32);
        ZigZag(value);
    }

    public void I64(short field, long value)
    {
        Field(field, ThriftType.I64);
        ZigZag(value);
    }

    public void I8(short field, sbyte value)
    {
        Field(field, ThriftType.Byte);
        Byte((byte)value);
    }

    public void Bool(short field, bool value) => Field(field, value ? ThriftType.True : ThriftType.False);

    public void Binary(short field, ReadOnlySpan<byte> value)
    {
        Field(field, ThriftType.Binary);
        BinaryElement(value);
    }

    public void String(short field, string value) => Binary(field, System.Text.Encoding.UTF8.GetBytes(value));

    public void List(short field, ThriftType element, int count)
    {
        Field(field, ThriftType.List);
        if (count < 15) Byte((byte)(count << 4 | (int)element));
        else
        {
            Byte((byte)(0xf0 | (int)element));
            Varint((ulong)count);
        }
    }

    public void I32Element(int value) => ZigZag(value);

    public void I64Element(long value) => ZigZag(value);

    public void BoolElement(bool value) => Byte((byte)(value ? ThriftType.True : ThriftType.False));

    public void BinaryElement(ReadOnlySpan<byte> value)
    {
        Varint((ulong)value.Length);
        _output.Add(value);
    }

    public void BeginStruct(short field)
    {
        Field(field, ThriftType.Struct);
        BeginElement();
    }

    /// <summary>Opens a struct that stands in a list, or the outermost one.</summary>
    public void BeginElement()
    {
        _outer.Push(_lastField);
        _lastField = 0;
    }

    public void End()
    {
        Byte(0);
        _lastField = _outer.Pop();
    }

    public void EmptyStruct(short field)
    {
        BeginStruct(field);
        End();
    }

    void Field(short field, ThriftType type)
    {
        var delta = field - _lastField;
        if (delta is > 0 and <= 15) Byte((byte)(delta << 4 | (int)type));
        else
        {
            Byte((byte)type);
            ZigZag(field);
        }
        _lastField = field;
    }

    void Byte(byte value) => _output.Add(value);

    void ZigZag(long value) => Varint((ulong)(value << 1 ^ value >> 63));

    void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80));
        Byte((byte)value);
    }
}
