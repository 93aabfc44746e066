using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Decodes DELTA_LENGTH_BYTE_ARRAY, and with prefixes DELTA_BYTE_ARRAY: lengths as delta streams, then all bytes in a row.</summary>
/// <remarks>Encodings.md, "Delta-length byte array" and "Delta Strings". Prefix lengths count bytes, not characters.</remarks>
sealed class DeltaByteArrayDecoder(MemoryAccount account)
{
    readonly ChargedArrays _arrays = new(account);
    readonly long[] _prefixLengths = new long[256];
    readonly long[] _suffixLengths = new long[256];
    ReadOnlyMemory<byte> _data;
    DeltaBinaryPackedDecoder _prefixes;
    DeltaBinaryPackedDecoder _suffixes;
    bool _hasPrefixes;
    int _position;
    byte[] _previous = [];
    int _previousLength;

    public void Start(ReadOnlyMemory<byte> data, bool hasPrefixes, int maxValues)
    {
        _data = data;
        _hasPrefixes = hasPrefixes;
        _previousLength = 0;
        var suffixStart = 0;
        if (hasPrefixes)
        {
            _prefixes = new DeltaBinaryPackedDecoder(data, is32: true);
            suffixStart = EndOf(_prefixes, maxValues);
        }
        var rest = data[suffixStart..];
        _suffixes = new DeltaBinaryPackedDecoder(rest, is32: true);
        _position = suffixStart + EndOf(_suffixes, maxValues);
    }

    /// <summary>Lets go of the page's bytes.</summary>
    public void Forget() => (_data, _prefixes, _suffixes) = (default, default, default);

    /// <summary>Gives what was charged back.</summary>
    public void Release() => _arrays.Release();

    // The bytes begin where the lengths end, which only decoding them tells; the copy of the struct leaves the original at its start.
    int EndOf(DeltaBinaryPackedDecoder lengths, int maxValues)
    {
        // Miniblocks of no width make any number of lengths out of a few bytes.
        if (lengths.Left > maxValues) throw new ParquetDataException(ParquetDefect.Corrupt, $"{lengths.Left} lengths in a page of {maxValues} values");
        while (lengths.Left > 0) lengths.Decode(_suffixLengths.AsSpan(0, (int)Math.Min(lengths.Left, _suffixLengths.Length)));
        return lengths.End;
    }

    public void Append(int count, BytesColumn? target, int fixedLength)
    {
        while (count > 0)
        {
            var take = Math.Min(count, _suffixLengths.Length);
            if (_hasPrefixes) _prefixes.Decode(_prefixLengths.AsSpan(0, take));
            _suffixes.Decode(_suffixLengths.AsSpan(0, take));
            for (var i = 0; i < take; i++) AppendOne(_hasPrefixes ? _prefixLengths[i] : 0, _suffixLengths[i], target, fixedLength);
            count -= take;
        }
    }

    void AppendOne(long prefix, long suffix, BytesColumn? target, int fixedLength)
    {
        var remaining = _data.Length - _position;
        if (suffix < 0 || suffix > remaining) throw new ParquetDataException(ParquetDefect.Truncated, $"a value needs {suffix} bytes, {remaining} remain");
        if (prefix < 0 || prefix > _previousLength) throw new ParquetDataException(ParquetDefect.Corrupt, $"a value shares {prefix} bytes with one of {_previousLength}");
        var length = (int)(prefix + suffix);
        if (fixedLength >= 0 && length != fixedLength) throw new ParquetDataException(ParquetDefect.Corrupt, $"a value of {length} bytes in a column of {fixedLength}");
        var bytes = _data.Span.Slice(_position, (int)suffix);
        _position += (int)suffix;
        if (!_hasPrefixes)
        {
            target?.Append(bytes);
            return;
        }
        _arrays.Lengthen(ref _previous, length);
        bytes.CopyTo(_previous.AsSpan((int)prefix));
        _previousLength = length;
        target?.Append(_previous.AsSpan(0, length));
    }
}
