using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Decodes byte strings into a <see cref="BytesColumn"/>.</summary>
abstract class BytesDecoder : ValueDecoder
{
    public sealed override void Append(int count, Column target) => Append(count, (BytesColumn)target);

    public abstract void Append(int count, BytesColumn? target);

    public sealed override void Skip(int count) => Append(count, null);
}

/// <summary>Decodes BYTE_ARRAY: PLAIN, DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY.</summary>
sealed class ByteArrayDecoder : BytesDecoder
{
    Encoding _encoding;
    ReadOnlyMemory<byte> _data;
    int _position;
    DeltaByteArrayDecoder? _delta;

    public override void Start(Encoding encoding, ReadOnlyMemory<byte> data, int maxValues)
    {
        _encoding = encoding;
        _data = data;
        _position = 0;
        if (encoding == Encoding.Plain) return;
        if (encoding is not (Encoding.DeltaLengthByteArray or Encoding.DeltaByteArray)) throw Unsupported(encoding, "BYTE_ARRAY");
        (_delta ??= new DeltaByteArrayDecoder()).Start(data, hasPrefixes: encoding == Encoding.DeltaByteArray, maxValues);
    }

    public override void Append(int count, BytesColumn? target)
    {
        if (_encoding != Encoding.Plain)
        {
            _delta!.Append(count, target, fixedLength: -1);
            return;
        }
        var data = _data.Span;
        for (var i = 0; i < count; i++)
        {
            if (data.Length - _position < 4) throw TooFew(4, data.Length - _position);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(data[_position..]);
            if (length > data.Length - _position - 4) throw TooFew(length, data.Length - _position - 4);
            target?.Append(data.Slice(_position + 4, (int)length));
            _position += 4 + (int)length;
        }
    }
}

/// <summary>Decodes FIXED_LEN_BYTE_ARRAY: PLAIN, BYTE_STREAM_SPLIT and DELTA_BYTE_ARRAY.</summary>
sealed class FixedBytesDecoder(int width) : BytesDecoder
{
    Encoding _encoding;
    ReadOnlyMemory<byte> _data;
    int _position;
    DeltaByteArrayDecoder? _delta;

    public override void Start(Encoding encoding, ReadOnlyMemory<byte> data, int maxValues)
    {
        _encoding = encoding;
        _data = data;
        _position = 0;
        switch (encoding)
        {
            case Encoding.Plain: break;
            case Encoding.ByteStreamSplit:
                if (data.Length % width != 0) throw new ParquetDataException(ParquetDefect.Corrupt, $"a split byte stream of {data.Length} bytes for values of {width}");
                break;
            case Encoding.DeltaByteArray:
                (_delta ??= new DeltaByteArrayDecoder()).Start(data, hasPrefixes: true, maxValues);
                break;
            default: throw Unsupported(encoding, "FIXED_LEN_BYTE_ARRAY");
        }
    }

    public override void Append(int count, BytesColumn? target)
    {
        if (_encoding == Encoding.DeltaByteArray)
        {
            _delta!.Append(count, target, width);
            return;
        }
        var data = _data.Span;
        var present = data.Length / width;
        if (count > present - _position) throw TooFew((long)count * width, (long)(present - _position) * width);
        for (var i = 0; i < count && target is not null; i++)
        {
            if (_encoding == Encoding.Plain) target.Append(data.Slice((_position + i) * width, width));
            else
            {
                var slot = target.AppendSpan(width);
                for (var b = 0; b < width; b++) slot[b] = data[b * present + _position + i];
            }
        }
        _position += count;
    }
}
