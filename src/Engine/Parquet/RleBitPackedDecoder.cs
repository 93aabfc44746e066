using System.Runtime.InteropServices;

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
        while (target.Length > 0)
        {
            if (_runLeft == 0) NextRun();
            var take = Math.Min(_runLeft, target.Length);
            if (_isRle) target[..take].Fill(_runValue);
            else Unpack(target[..take]);
            _runLeft -= take;
            target = target[take..];
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

    void Unpack(Span<int> target)
    {
        var data = _data.Span;
        var width = _bitWidth;
        var bit = _bitPosition;
        var mask = width == 32 ? uint.MaxValue : (1u << width) - 1;
        var i = 0;
        if (width > 0)
        {
            // Eight bytes hold any value of up to 32 bits at any bit offset.
            var lastFast = ((long)data.Length - 8) * 8;
            for (; i < target.Length && bit <= lastFast; i++, bit += width)
            {
                var word = MemoryMarshal.Read<ulong>(data[(int)(bit >> 3)..]);
                target[i] = (int)((uint)(word >> (int)(bit & 7)) & mask);
            }
        }
        for (; i < target.Length; i++, bit += width)
        {
            ulong word = 0;
            var from = (int)(bit >> 3);
            for (var b = 0; b < 5 && from + b < data.Length; b++) word |= (ulong)data[from + b] << (8 * b);
            target[i] = (int)((uint)(word >> (int)(bit & 7)) & mask);
        }
        _bitPosition = bit;
    }
}
