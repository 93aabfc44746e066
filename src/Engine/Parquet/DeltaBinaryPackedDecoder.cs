namespace Fanfold.Engine.Parquet;

/// <summary>Decodes DELTA_BINARY_PACKED integers as they are asked for; 32-bit columns wrap in 32 bits by the caller's narrowing.</summary>
/// <remarks>Encodings.md, "Delta Encoding". Malformed headers and widths are refused; nothing is allocated by their counts.</remarks>
struct DeltaBinaryPackedDecoder
{
    readonly ReadOnlyMemory<byte> _data;
    readonly int _miniblocks;
    readonly int _valuesPerMiniblock;
    readonly bool _is32;
    int _position;
    long _left;
    int _widthsAt;
    int _miniblock;
    int _miniblockLeft;
    long _bitPosition;
    long _minDelta;
    long _last;
    bool _first;

    public DeltaBinaryPackedDecoder(ReadOnlyMemory<byte> data, bool is32)
    {
        _data = data;
        _is32 = is32;
        _position = 0;
        var blockSize = Varint(data.Span, ref _position);
        var miniblocks = Varint(data.Span, ref _position);
        _left = (long)Varint(data.Span, ref _position);
        _last = ZigZag(Varint(data.Span, ref _position));
        if (blockSize is 0 or > 1 << 24 || blockSize % 128 != 0 || miniblocks == 0 || miniblocks > blockSize / 8 || blockSize % miniblocks != 0 || blockSize / miniblocks % 32 != 0)
            throw new ParquetDataException(ParquetDefect.Corrupt, $"a delta block of {blockSize} values in {miniblocks} miniblocks");
        if (_left < 0) throw new ParquetDataException(ParquetDefect.Corrupt, "a delta stream counts too many values");
        _valuesPerMiniblock = (int)(blockSize / miniblocks);
        _miniblock = _miniblocks = (int)miniblocks;
        _first = true;
    }

    /// <summary>Values that have not been decoded.</summary>
    public readonly long Left => _left;

    public void Decode(Span<long> target)
    {
        if (target.Length > _left) throw new ParquetDataException(ParquetDefect.Corrupt, $"a delta stream has {_left} values where {target.Length} are needed");
        var i = 0;
        if (_first && target.Length > 0)
        {
            target[i++] = _last;
            _first = false;
            _left--;
        }
        while (i < target.Length)
        {
            if (_miniblockLeft == 0) NextMiniblock();
            var take = Math.Min(_miniblockLeft, target.Length - i);
            Unpack(target.Slice(i, take));
            _miniblockLeft -= take;
            _left -= take;
            i += take;
        }
    }

    /// <summary>The offset of the first byte after the stream; only after all values were decoded.</summary>
    public readonly int End => _position;

    void NextMiniblock()
    {
        var data = _data.Span;
        if (_miniblock == _miniblocks)
        {
            _minDelta = ZigZag(Varint(data, ref _position));
            if (data.Length - _position < _miniblocks) throw new ParquetDataException(ParquetDefect.Truncated, "a delta block's bit widths are cut off");
            _widthsAt = _position;
            _position += _miniblocks;
            _miniblock = 0;
        }
        var width = data[_widthsAt + _miniblock];
        if (width > 64) throw new ParquetDataException(ParquetDefect.Corrupt, $"a delta miniblock with a bit width of {width}");
        _bitPosition = (long)_position * 8;
        var bytes = (long)_valuesPerMiniblock * width / 8;
        var needed = (Math.Min(_left, _valuesPerMiniblock) * width + 7) / 8;
        if (data.Length - _position < needed) throw new ParquetDataException(ParquetDefect.Truncated, "a delta miniblock is cut off");
        // The last miniblock may be cut to the values it has.
        _position = (int)Math.Min(_position + bytes, data.Length);
        _miniblockLeft = _valuesPerMiniblock;
        _miniblock++;
    }

    void Unpack(Span<long> target)
    {
        var data = _data.Span;
        var width = data[_widthsAt + _miniblock - 1];
        var bit = _bitPosition;
        var last = _last;
        var mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        for (var i = 0; i < target.Length; i++, bit += width)
        {
            var delta = width == 0 ? 0 : Bits(data, bit, width) & mask;
            last = unchecked(last + _minDelta + (long)delta);
            if (_is32) last = (int)last;
            target[i] = last;
        }
        _bitPosition = bit;
        _last = last;
    }

    static ulong Bits(ReadOnlySpan<byte> data, long bit, int width)
    {
        var from = (int)(bit >> 3);
        var shift = (int)(bit & 7);
        ulong low = 0;
        var available = Math.Min(8, data.Length - from);
        for (var b = 0; b < available; b++) low |= (ulong)data[from + b] << (8 * b);
        low >>= shift;
        return shift + width > 64 && from + 8 < data.Length ? low | (ulong)data[from + 8] << (64 - shift) : low;
    }

    static ulong Varint(ReadOnlySpan<byte> data, ref int position)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (position >= data.Length) throw new ParquetDataException(ParquetDefect.Truncated, "a delta header is cut off");
            var b = data[position++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
        throw new ParquetDataException(ParquetDefect.Corrupt, "a varint is longer than 10 bytes");
    }

    static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
