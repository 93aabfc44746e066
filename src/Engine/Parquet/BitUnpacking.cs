using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Fanfold.Engine.Parquet;

/// <summary>Unpacks values of 1 to 32 bits, least significant bit first (Encodings.md, "Run Length Encoding / Bit-Packing Hybrid").</summary>
static class BitUnpacking
{
    /// <summary>Above this width a value that starts inside a byte can touch five of them.</summary>
    const int MaxVectorWidth = 25;

    static readonly GroupLayout[] Layouts = [.. Enumerable.Range(0, MaxVectorWidth + 1).Select(GroupLayout.Of)];

    /// <summary>The kernel that this processor gets.</summary>
    public static string Kernel => Avx2.IsSupported ? "avx2" : "portable";

    /// <param name="data">Where bits are read, to its last byte at most.</param>
    /// <param name="bit">The first bit of the first value; values at byte borders of eight are unpacked eight at a time.</param>
    public static void Unpack(ReadOnlySpan<byte> data, long bit, int width, Span<int> target)
    {
        if (width == 0)
        {
            target.Clear();
            return;
        }
        if (Avx2.IsSupported && width <= MaxVectorWidth && (bit & 7) == 0)
        {
            var done = UnpackGroups(data[(int)(bit >> 3)..], width, target);
            target = target[done..];
            bit += (long)done * width;
        }
        UnpackEach(data, bit, width, target);
    }

    /// <summary>The value at a bit position.</summary>
    public static int One(ReadOnlySpan<byte> data, long bit, int width)
    {
        var from = (int)(bit >> 3);
        var mask = (1UL << width) - 1;
        if (data.Length - from >= 8) return (int)(MemoryMarshal.Read<ulong>(data[from..]) >> (int)(bit & 7) & mask);
        ulong word = 0;
        for (var b = 0; b < 5 && from + b < data.Length; b++) word |= (ulong)data[from + b] << (8 * b);
        return (int)(word >> (int)(bit & 7) & mask);
    }

    internal static void UnpackEach(ReadOnlySpan<byte> data, long bit, int width, Span<int> target)
    {
        for (var i = 0; i < target.Length; i++, bit += width) target[i] = One(data, bit, width);
    }

    // Eight values fill `width` bytes. Each goes to its own 32-bit lane as the four bytes from the one it starts in, then down by the bits before it.
    static int UnpackGroups(ReadOnlySpan<byte> data, int width, Span<int> target)
    {
        ref readonly var layout = ref Layouts[width];
        var mask = Vector256.Create((1 << width) - 1);
        // The upper four values start half a group later; 16 bytes are loaded for either half.
        var upper = width >> 1;
        var groups = Math.Min(target.Length >> 3, data.Length < upper + 16 ? 0 : (data.Length - upper - 16) / width + 1);
        for (var group = 0; group < groups; group++)
        {
            var bytes = Vector256.Create(Vector128.Create(data.Slice(group * width, 16)), Vector128.Create(data.Slice(group * width + upper, 16)));
            var lanes = Avx2.Shuffle(bytes, layout.Shuffle).AsUInt32();
            (Avx2.ShiftRightLogicalVariable(lanes, layout.Shifts).AsInt32() & mask).CopyTo(target[(group * 8)..]);
        }
        return groups * 8;
    }

    readonly record struct GroupLayout(Vector256<byte> Shuffle, Vector256<uint> Shifts)
    {
        public static GroupLayout Of(int width)
        {
            Span<byte> shuffle = stackalloc byte[32];
            Span<uint> shifts = stackalloc uint[8];
            for (var lane = 0; lane < 8; lane++)
            {
                var bit = lane < 4 ? lane * width : lane * width - (width >> 1) * 8;
                shifts[lane] = (uint)bit & 7;
                for (var b = 0; b < 4; b++) shuffle[lane * 4 + b] = (byte)Math.Min((bit >> 3) + b, 15);
            }
            return new GroupLayout(Vector256.Create<byte>(shuffle), Vector256.Create<uint>(shifts));
        }
    }
}
