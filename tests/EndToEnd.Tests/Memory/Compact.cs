using System.Text;

namespace Fanfold.EndToEnd.Tests.Memory;

/// <summary>A struct in Thrift's compact protocol; its fields come in ascending order.</summary>
sealed class Compact
{
    const int I32 = 5, I64 = 6, Binary = 8, List = 9, Nested = 12;

    readonly List<byte> _bytes = [];
    int _last;

    public Compact Number(int field, long value) => Field(field, I32).ZigZag(value);

    public Compact Wide(int field, long value) => Field(field, I64).ZigZag(value);

    public Compact Text(int field, string value) => Field(field, Binary).String(value);

    public Compact Struct(int field, Compact value)
    {
        Field(field, Nested)._bytes.AddRange(value.End());
        return this;
    }

    public Compact Structs(int field, IEnumerable<Compact> values)
    {
        var all = values.ToList();
        Field(field, List).Size(all.Count, Nested);
        foreach (var value in all) _bytes.AddRange(value.End());
        return this;
    }

    public Compact Numbers(int field, long value) => Field(field, List).Size(1, I32).ZigZag(value);

    public Compact Texts(int field, string value) => Field(field, List).Size(1, Binary).String(value);

    public byte[] End() => [.. _bytes, 0];

    Compact Field(int field, int type)
    {
        if (field - _last is > 0 and < 16) _bytes.Add((byte)(field - _last << 4 | type));
        _last = field;
        return this;
    }

    Compact Size(int count, int type)
    {
        if (count < 15) _bytes.Add((byte)(count << 4 | type));
        else
        {
            _bytes.Add((byte)(0xF0 | type));
            Varint((ulong)count);
        }
        return this;
    }

    Compact String(string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        Varint((ulong)bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    Compact ZigZag(long value)
    {
        Varint((ulong)(value << 1 ^ value >> 63));
        return this;
    }

    void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value | 0x80));
        _bytes.Add((byte)value);
    }
}
