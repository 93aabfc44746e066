using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Decodes the RLE / bit-packing hybrid, from which levels, dictionary codes and RLE booleans are made.</summary>
/// <remarks>Encodings.md, "Run Length Encoding / Bit-Packing Hybrid". Holds only its position: values are unpacked as they are asked for.</remarks>
struct RleBitPackedDecoder
{
    readonly ReadOnlyMemory<byte> _data;
    readonly int _bitWidth;
    int _position;
    int _runLeft;
    bool _isRle;
    int _runValue;
    long _bitPosition;

    public RleBitPackedDecoder(ReadOnlyMemory<byte> data, int bitWidth)
    {
        if (bitWidth is < 0 or > 32) throw new ParquetDataException(ParquetDefect.Corrupt, $"a bit width of {bitWidth}");
        _data = data;
        _bitWidth = bitWidth;
    }

    /// <summary>Whether the next <paramref name="count"/> values are one run of <paramref name="value"/>; if so they are consumed.</summary>
    public bool TryTakeRun(int value, int count)
    {
        if (_runLeft == 0 && count > 0) NextRun();
        if (!_isRle || _runValue != value || _runLeft < count) return false;
        _runLeft -= count;
        return true;
    }

    public void Decode(Span<int> target)
    {
        var data = _data.Span;
        while (target.Length > 0)
        {
            if (_runLeft == 0) NextRun();
            var take = Math.Min(_runLeft, target.Length);
            if (_isRle) target[..take].Fill(_runValue);
            else
            {
                BitUnpacking.Unpack(data, _bitPosition, _bitWidth, target[..take]);
                _bitPosition += (long)take * _bitWidth;
            }
            _runLeft -= take;
            target = target[take..];
        }
    }

    /// <summary>Decodes those of the next <paramref name="count"/> values that are at <paramref name="positions"/>, ascending and counted from <paramref name="start"/>; passes the rest.</summary>
    public void Gather(ReadOnlySpan<int> positions, int start, int count, Span<int> target)
    {
        var data = _data.Span;
        var end = start + count;
        for (var next = 0; start < end;)
        {
            if (_runLeft == 0) NextRun();
            var take = Math.Min(_runLeft, end - start);
            if (_isRle)
            {
                for (; next < positions.Length && positions[next] < start + take; next++) target[next] = _runValue;
            }
            else
            {
                for (; next < positions.Length && positions[next] < start + take; next++)
                    target[next] = BitUnpacking.One(data, _bitPosition + (long)(positions[next] - start) * _bitWidth, _bitWidth);
                _bitPosition += (long)take * _bitWidth;
            }
            _runLeft -= take;
            start += take;
        }
    }

    /// <summary>Decodes <paramref name="count"/> values of one bit into a bitmap, whose bits are zero before.</summary>
    public void DecodeBits(Span<ulong> bits, int count)
    {
        var data = _data.Span;
        for (var at = 0; at < count;)
        {
            if (_runLeft == 0) NextRun();
            var take = Math.Min(_runLeft, count - at);
            if (!_isRle)
            {
                for (var left = take; left > 0; left -= 64)
                {
                    var part = Math.Min(left, 64);
                    Bitmap.OrWord(bits, at + take - left, Word(data, _bitPosition, part), part);
                    _bitPosition += part;
                }
            }
            else if (_runValue != 0) Bitmap.SetRange(bits, at, take);
            _runLeft -= take;
            at += take;
        }
    }

    public void Skip(int count)
    {
        while (count > 0)
        {
            if (_runLeft == 0) NextRun();
            var take = Math.Min(_runLeft, count);
            if (!_isRle) _bitPosition += (long)take * _bitWidth;
            _runLeft -= take;
            count -= take;
        }
    }

    static ulong Word(ReadOnlySpan<byte> data, long bit, int count)
    {
        var from = (int)(bit >> 3);
        var shift = (int)(bit & 7);
        ulong word = 0;
        if (data.Length - from >= 8) word = MemoryMarshal.Read<ulong>(data[from..]);
        else for (var b = 0; from + b < data.Length; b++) word |= (ulong)data[from + b] << (8 * b);
        word >>= shift;
        if (shift + count > 64) word |= (ulong)data[from + 8] << (64 - shift);
        return count == 64 ? word : word & ((1UL << count) - 1);
    }

    void NextRun()
    {
        var data = _data.Span;
        uint header = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (_position >= data.Length) throw new ParquetDataException(ParquetDefect.Truncated, "an RLE run begins past the end of its page");
            if (shift > 28) throw new ParquetDataException(ParquetDefect.Corrupt, "an RLE run header is too long");
            var b = data[_position++];
            header |= (uint)(b & 0x7f) << shift;
            if (b < 0x80) break;
        }
        _isRle = (header & 1) == 0;
        if (_isRle)
        {
            _runLeft = (int)(header >> 1);
            var width = (_bitWidth + 7) >> 3;
            if (data.Length - _position < width) throw new ParquetDataException(ParquetDefect.Truncated, "an RLE run's value is cut off");
            uint value = 0;
            for (var i = 0; i < width; i++) value |= (uint)data[_position + i] << (8 * i);
            if (_bitWidth < 32 && value >> _bitWidth != 0) throw new ParquetDataException(ParquetDefect.Corrupt, $"an RLE run's value {value} needs more than {_bitWidth} bits");
            _runValue = (int)value;
            _position += width;
            return;
        }
        var groups = header >> 1;
        // The last run may promise more values than the page has bytes for; what is missing must not be asked for.
        var bytes = Math.Min((long)groups * _bitWidth, data.Length - _position);
        var values = _bitWidth == 0 ? (long)groups * 8 : bytes * 8 / _bitWidth;
        if (values == 0) throw new ParquetDataException(ParquetDefect.Truncated, "a bit-packed run has no bytes");
        _runLeft = (int)Math.Min(Math.Min(values, (long)groups * 8), int.MaxValue);
        _bitPosition = (long)_position * 8;
        _position += (int)bytes;
    }
}
