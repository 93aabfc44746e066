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
sealed class ByteArrayDecoder(MemoryAccount account) : BytesDecoder
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
        (_delta ??= new DeltaByteArrayDecoder(account)).Start(data, hasPrefixes: encoding == Encoding.DeltaByteArray, maxValues);
    }

    public override void Append(int count, BytesColumn? target)
    {
        if (_encoding != Encoding.Plain)
        {
            _delta!.Append(count, target, fixedLength: -1);
            return;
        }
        if (target is null)
        {
            Walk(count);
            return;
        }
        // The lengths are checked, and what they add up to is known, before anything is copied.
        var from = _position;
        var end = Walk(count);
        target.Reserve(count, end - from - 4L * count);
        var data = _data.Span;
        for (var at = from; at < end;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(data[at..]);
            target.Append(data.Slice(at + 4, length));
            at += 4 + length;
        }
    }

    public override void Gather(ReadOnlySpan<int> positions, int start, int count, Column target)
    {
        if (_encoding != Encoding.Plain)
        {
            base.Gather(positions, start, count, target);
            return;
        }
        var end = start + count;
        foreach (var position in positions)
        {
            var at = Walk(position - start);
            var next = Walk(1);
            ((BytesColumn)target).Append(_data.Span[(at + 4)..next]);
            start = position + 1;
        }
        Walk(end - start);
    }

    public override void Forget()
    {
        _data = default;
        _delta?.Forget();
    }

    public override void Release() => _delta?.Release();

    /// <summary>Moves past <paramref name="count"/> values, within the page, and returns the position behind them.</summary>
    int Walk(int count)
    {
        var data = _data.Span;
        var at = _position;
        for (; count > 0; count--)
        {
            if (data.Length - at < 4) throw TooFew(4, data.Length - at);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(data[at..]);
            if (length > data.Length - at - 4) throw TooFew(length, data.Length - at - 4);
            at += 4 + (int)length;
        }
        return _position = at;
    }
}

/// <summary>Decodes FIXED_LEN_BYTE_ARRAY: PLAIN, BYTE_STREAM_SPLIT and DELTA_BYTE_ARRAY.</summary>
sealed class FixedBytesDecoder(int width, MemoryAccount account) : BytesDecoder
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
                (_delta ??= new DeltaByteArrayDecoder(account)).Start(data, hasPrefixes: true, maxValues);
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

    public override void Forget()
    {
        _data = default;
        _delta?.Forget();
    }

    public override void Release() => _delta?.Release();
}
