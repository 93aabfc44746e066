using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace Fanfold.Engine.Reduce;

/// <summary>Hashes of keys, 32 bits. The seeds are random for each process, so that no data can be made to collide; no result depends on them.</summary>
static class KeyHash
{
    // Of two version 4 uuids: the lower half of each holds 62 random bits.
    static readonly ulong First = RandomBits() | 1;
    static readonly ulong Second = RandomBits() | 1;

    public static uint Of<TWord>(TWord word) where TWord : unmanaged
    {
        if (typeof(TWord) == typeof(ulong)) return Of(Unsafe.BitCast<TWord, ulong>(word));
        var wide = Unsafe.BitCast<TWord, UInt128>(word);
        return Of(Fold((ulong)(wide >> 64) ^ Second, First) ^ (ulong)wide);
    }

    // Twice, since the products of neighbouring keys lie in rows that a single fold leaves in sight.
    static uint Of(ulong word) => (uint)(Fold(Fold(word ^ First, Second) ^ Second, First) >> 32);

    public static uint Of(ReadOnlySpan<byte> bytes) => (uint)(XxHash3.HashToUInt64(bytes, (long)First) >> 32);

    /// <summary>Both halves of the product in one.</summary>
    static ulong Fold(ulong word, ulong multiplier) => Math.BigMul(word, multiplier, out var low) ^ low;

    static ulong RandomBits()
    {
        Span<byte> bytes = stackalloc byte[32];
        Guid.NewGuid().TryWriteBytes(bytes);
        Guid.NewGuid().TryWriteBytes(bytes[16..]);
        return BitConverter.ToUInt64(bytes[8..]) ^ BitConverter.ToUInt64(bytes[16..]) * 0x9e37_79b9_7f4a_7c15;
    }
}
