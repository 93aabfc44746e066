using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Decodes BOOLEAN: PLAIN (a bit a value, least significant first) and RLE (a 4-byte length, then the hybrid of bit width 1).</summary>
sealed class BooleanDecoder : ValueDecoder
{
    Encoding _encoding;
    ReadOnlyMemory<byte> _data;
    long _bit;
    RleBitPackedDecoder _rle;

    public override void Start(Encoding encoding, ReadOnlyMemory<byte> data, int maxValues)
    {
        _encoding = encoding;
        _data = data;
        _bit = 0;
        if (encoding == Encoding.Plain) return;
        if (encoding != Encoding.Rle) throw Unsupported(encoding, "BOOLEAN");
        if (maxValues == 0) return;
        if (data.Length < 4) throw TooFew(4, data.Length);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(data.Span);
        if (length > data.Length - 4) throw TooFew(length, data.Length - 4);
        _rle = new RleBitPackedDecoder(data.Slice(4, (int)length), 1);
    }

    public override void Append(int count, Column target)
    {
        var slots = ((Column<byte>)target).AppendSpan(count);
        if (_encoding == Encoding.Rle)
        {
            Span<int> scratch = stackalloc int[512];
            for (; slots.Length > 0; slots = slots[Math.Min(slots.Length, scratch.Length)..])
            {
                var part = scratch[..Math.Min(slots.Length, scratch.Length)];
                _rle.Decode(part);
                for (var i = 0; i < part.Length; i++) slots[i] = (byte)part[i];
            }
            return;
        }
        Check(count);
        var data = _data.Span;
        for (var i = 0; i < slots.Length; i++, _bit++) slots[i] = (byte)(data[(int)(_bit >> 3)] >> (int)(_bit & 7) & 1);
    }

    public override void Skip(int count)
    {
        if (_encoding == Encoding.Rle)
        {
            _rle.Skip(count);
            return;
        }
        Check(count);
        _bit += count;
    }

    public override void Forget() => (_data, _rle) = (default, default);

    void Check(int count)
    {
        if (_bit + count > _data.Length * 8L) throw TooFew((count + 7) / 8, _data.Length - (_bit + 7) / 8);
    }
}
