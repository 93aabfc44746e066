using System.Buffers.Binary;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>The definition levels of one page of a flat optional column: 1 where there is a value, 0 where there is none.</summary>
/// <remarks>Encodings.md: RLE, with a 4-byte length in v1 pages, and the deprecated BIT_PACKED, whose bits begin at the most significant.</remarks>
struct LevelDecoder
{
    bool _bitPacked;
    ReadOnlyMemory<byte> _bits;
    long _bit;
    RleBitPackedDecoder _rle;

    /// <summary>Opens the levels at the start of a v1 page; returns the bytes they take.</summary>
    public static LevelDecoder OpenV1(ReadOnlyMemory<byte> page, Encoding encoding, int values, out int length)
    {
        switch (encoding)
        {
            case Encoding.Rle:
                if (page.Length < 4) throw new ParquetDataException(ParquetDefect.Truncated, "the definition levels' length is cut off");
                var bytes = BinaryPrimitives.ReadUInt32LittleEndian(page.Span);
                if (bytes > page.Length - 4) throw new ParquetDataException(ParquetDefect.Truncated, $"definition levels of {bytes} bytes in a page of {page.Length}");
                length = 4 + (int)bytes;
                return new LevelDecoder { _rle = new RleBitPackedDecoder(page.Slice(4, (int)bytes), 1) };
            case Encoding.BitPacked:
                length = (int)((values + 7L) / 8);
                if (length > page.Length) throw new ParquetDataException(ParquetDefect.Truncated, $"definition levels of {length} bytes in a page of {page.Length}");
                return new LevelDecoder { _bitPacked = true, _bits = page[..length] };
            default:
                throw new ParquetDataException(ParquetDefect.Corrupt, $"definition levels in encoding {encoding}");
        }
    }

    public static LevelDecoder OpenV2(ReadOnlyMemory<byte> levels) => new() { _rle = new RleBitPackedDecoder(levels, 1) };

    /// <summary>Whether the next <paramref name="count"/> rows all have values and the encoding shows it at once; they are consumed then.</summary>
    public bool TryTakeAllValid(int count) => !_bitPacked && _rle.TryTakeRun(1, count);

    /// <summary>The validity of the next <paramref name="count"/> rows, a bit each, into <paramref name="validity"/>.</summary>
    public void Decode(Span<ulong> validity, int count)
    {
        validity.Clear();
        if (!_bitPacked)
        {
            _rle.DecodeBits(validity, count);
            return;
        }
        var bits = _bits.Span;
        for (var i = 0; i < count; i++, _bit++)
        {
            if ((bits[(int)(_bit >> 3)] >> (7 - (int)(_bit & 7)) & 1) != 0) Bitmap.Set(validity, i);
        }
    }
}
