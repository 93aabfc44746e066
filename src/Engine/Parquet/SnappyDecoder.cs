using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Fanfold.Engine.Parquet;

/// <summary>Decodes a Snappy block straight into its target.</summary>
/// <remarks>
/// github.com/google/snappy, format_description.txt; as there, short literals and copies take one way without a branch between them, since no
/// processor can guess which comes next. No byte outside either span is touched, whatever the block says.
/// </remarks>
static class SnappyDecoder
{
    /// <summary>The longest literal or copy of the short way, which moves so many bytes whatever it needs; what is too much is written over later.</summary>
    const int Room = 64;

    /// <summary>By tag: its length, or 0 for those of the long way, which are long literals and far copies; above it the upper bits of a near copy's offset.</summary>
    static readonly ushort[] Entries = [.. Enumerable.Range(0, 256).Select(tag => (ushort)((tag & 3) switch
    {
        0 => tag >> 2 < 60 ? (tag >> 2) + 1 : 0,
        1 => ((tag >> 2) & 7) + 4 | tag >> 5 << 8,
        2 => (tag >> 2) + 1,
        _ => 0,
    }))];

    /// <summary>The length that the block promises.</summary>
    public static int Length(ReadOnlySpan<byte> block, out int headerLength)
    {
        uint length = 0;
        for (headerLength = 0; headerLength < 5 && headerLength < block.Length;)
        {
            var b = block[headerLength];
            length |= (uint)(b & 0x7f) << (7 * headerLength++);
            if (b >= 0x80) continue;
            return length <= int.MaxValue && (headerLength < 5 || b <= 0x0f) ? (int)length : throw Corrupt("it promises more than 2 GiB");
        }
        throw Corrupt("its length is cut off");
    }

    /// <summary>Fills <paramref name="target"/>, whose length is the block's.</summary>
    public static void Decode(ReadOnlySpan<byte> block, Span<byte> target)
    {
        if (Length(block, out var at) != target.Length) throw Corrupt($"it promises {Length(block, out _)} bytes, the page {target.Length}");
        var written = 0;
        while (at < block.Length)
        {
            DecodeShort(block, ref at, target, ref written);
            if (at < block.Length) DecodeOne(block, ref at, target, ref written);
        }
        if (written != target.Length) throw Corrupt($"it ends after {written} bytes of {target.Length}");
    }

    /// <summary>Decodes until the ends are near or a tag needs the long way. What differs by kind is chosen by masks.</summary>
    static unsafe void DecodeShort(ReadOnlySpan<byte> block, ref int position, Span<byte> target, ref int length)
    {
        fixed (byte* source = block, output = target)
        fixed (ushort* entries = Entries)
        {
            var (at, written) = (position, length);
            var (lastAt, lastWritten) = (block.Length - Room - 5, target.Length - Room);
            while (at <= lastAt && written <= lastWritten)
            {
                int tag = source[at];
                int entry = entries[tag];
                var bytes = entry & 0xff;
                var kind = tag & 3;
                var literal = (kind - 1) >> 31;
                // A near copy has one byte of its offset behind the tag, a far one two.
                var offset = (int)(*(uint*)(source + at + 1) & (0xffffu >> ((kind & 1) << 3))) | entry >> 8 << 8 & ~literal;
                var back = offset ^ (offset ^ bytes) & literal;
                // Overlapping copies, lies, and the first literal, which has as little behind it, go the long way.
                if (bytes == 0 || back < bytes || back > written) break;
                var (copied, read) = ((nint)(output + written - offset), (nint)(source + at + 1));
                var from = (byte*)(copied ^ (copied ^ read) & literal);
                var to = output + written;
                Vector256.Load(from).Store(to);
                if (bytes > 32) Vector256.Load(from + 32).Store(to + 32);
                written += bytes;
                // From the tag alone, since the next tag waits for it.
                at += kind + 1 + ((tag >> 2) + 1 & literal);
            }
            (position, length) = (at, written);
        }
    }

    static void DecodeOne(ReadOnlySpan<byte> block, ref int at, Span<byte> target, ref int written)
    {
        int tag = block[at++];
        var length = (tag >> 2) + 1;
        int offset;
        switch (tag & 3)
        {
            case 0:
                if (length > 60) length = LongLength(block, ref at, length - 60);
                if (length > block.Length - at) throw Corrupt("a literal passes its end");
                if (length > target.Length - written) throw TooLong();
                block.Slice(at, length).CopyTo(target[written..]);
                at += length;
                written += length;
                return;
            case 1:
                if (at >= block.Length) throw CutOff();
                length = ((tag >> 2) & 7) + 4;
                offset = (tag >> 5) << 8 | block[at++];
                break;
            case 2:
                if (block.Length - at < 2) throw CutOff();
                offset = BinaryPrimitives.ReadUInt16LittleEndian(block[at..]);
                at += 2;
                break;
            default:
                if (block.Length - at < 4) throw CutOff();
                offset = BinaryPrimitives.ReadInt32LittleEndian(block[at..]);
                at += 4;
                break;
        }
        if (offset <= 0 || offset > written) throw Corrupt($"a copy from {offset} bytes before byte {written}");
        if (length > target.Length - written) throw TooLong();
        Repeat(target[(written - offset)..], offset, length);
        written += length;
    }

    /// <summary>Copies the first bytes to where they end, <paramref name="offset"/> on; the copy may overlap its source and then goes on with what it wrote.</summary>
    static void Repeat(Span<byte> bytes, int offset, int length)
    {
        for (var done = 0; done < length;)
        {
            // What is there doubles with each step.
            var part = Math.Min(offset + done, length - done);
            bytes[..part].CopyTo(bytes[(offset + done)..]);
            done += part;
        }
    }

    static int LongLength(ReadOnlySpan<byte> block, ref int at, int bytes)
    {
        if (block.Length - at < bytes) throw CutOff();
        uint length = 0;
        for (var i = 0; i < bytes; i++) length |= (uint)block[at++] << (8 * i);
        return length < int.MaxValue ? (int)length + 1 : throw TooLong();
    }

    static ParquetDataException CutOff() => Corrupt("a tag is cut off");

    static ParquetDataException TooLong() => Corrupt("it has more bytes than it promises");

    static ParquetDataException Corrupt(string cause) => new(ParquetDefect.Corrupt, $"a Snappy block can't be decoded: {cause}");
}
