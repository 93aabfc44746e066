using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fanfold.Engine.Parquet;

/// <summary>Decodes a Snappy block straight into its target.</summary>
/// <remarks>
/// github.com/google/snappy, format_description.txt. Writers of columns give literals and copies of a few bytes in turn, so a branch between the two is guessed well. No byte outside either span is touched, whatever the
/// block says.
/// </remarks>
static class SnappyDecoder
{
    /// <summary>What the short way may read and write at once: the longest copy.</summary>
    const int Room = 64;

    /// <summary>Of the short way: longer ones have their length behind the tag.</summary>
    const int LongestLiteral = 60;

    /// <summary>By tag of a copy: its length, or 0 for one from far away, which goes the long way; above it the upper bits of a near copy's offset.</summary>
    static readonly ushort[] Entries = [.. Enumerable.Range(0, 256).Select(tag => (ushort)((tag & 3) switch
    {
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

    /// <summary>Decodes until the ends are near or a tag needs the long way.</summary>
    /// <remarks>
    /// Each tag waits for the one before it, which tells where it is. So of a literal of a few bytes and the copy that nearly always follows, the second tag is taken out of the same eight bytes as the first.
    /// </remarks>
    static unsafe void DecodeShort(ReadOnlySpan<byte> block, ref int position, Span<byte> target, ref int length)
    {
        fixed (byte* source = block, output = target)
        fixed (ushort* entries = Entries)
        {
            var (at, written) = (position, length);
            // A turn writes a literal of at most four bytes and then Room, or Room alone.
            var (lastAt, lastWritten) = (block.Length - Room - sizeof(ulong), target.Length - Room - sizeof(ulong));
            while (at <= lastAt && written <= lastWritten)
            {
                int tag = source[at];
                var behind = *(ulong*)(source + at);
                if ((tag & 3) == 0)
                {
                    var bytes = (tag >> 2) + 1;
                    if (bytes > LongestLiteral) break;
                    Move(source + at + 1, output + written, bytes);
                    at += bytes + 1;
                    written += bytes;
                    if (bytes > 4) continue;
                    behind >>= 8 * bytes + 8;
                    tag = (byte)behind;
                    if ((tag & 3) == 0) continue;
                }
                int entry = entries[tag];
                var copied = entry & 0xff;
                // A near copy has one byte of its offset behind the tag, a far one two.
                var offset = (int)((uint)(behind >> 8) & (0xffffu >> ((tag & 1) << 3))) | entry >> 8 << 8;
                // Copies from far away, overlapping ones, and lies.
                if (copied == 0 || offset < copied || offset > written) break;
                Move(output + written - offset, output + written, copied);
                written += copied;
                // From the tag alone, since the next tag waits for it.
                at += (tag & 3) + 1;
            }
            (position, length) = (at, written);
        }
    }

    /// <summary>Moves up to <see cref="Room"/> bytes and some behind them, which are written over later; no more than needed by far, since bytes that were written a moment ago are slow to read in wider pieces.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void Move(byte* from, byte* to, int bytes)
    {
        if (bytes <= 8)
        {
            *(ulong*)to = *(ulong*)from;
            return;
        }
        Vector128.Load(from).Store(to);
        if (bytes <= 16) return;
        Vector128.Load(from + 16).Store(to + 16);
        if (bytes > 32) Vector256.Load(from + 32).Store(to + 32);
    }

    static void DecodeOne(ReadOnlySpan<byte> block, ref int at, Span<byte> target, ref int written)
    {
        int tag = block[at++];
        var length = (tag >> 2) + 1;
        int offset;
        switch (tag & 3)
        {
            case 0:
                if (length > LongestLiteral) length = LongLength(block, ref at, length - LongestLiteral);
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
