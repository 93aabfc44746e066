using System.Runtime.CompilerServices;

namespace Fanfold.Engine;

/// <summary>The growing arrays of one owner, each charged to an account before it is made. Not safe to share between threads.</summary>
/// <param name="account">Null for arrays that nobody counts.</param>
sealed class ChargedArrays(MemoryAccount? account)
{
    /// <summary>Arrays up to so many items are free: every column has some, whatever the data.</summary>
    const int FreeItems = 17;

    /// <summary>Longer arrays grow by half, since what is in reserve is charged too.</summary>
    const long MaxDoubled = 1 << 20;

    long _charged;

    /// <summary>Bytes that are charged.</summary>
    public long Held => _charged;

    /// <summary>Lengthens an array to at least <paramref name="length"/> items and keeps those it has. Old and new are both charged while they are both there.</summary>
    /// <exception cref="MemoryExceededException">The account has no room for it, or no array can be so long; the array is as it was.</exception>
    public void Lengthen<T>(ref T[] array, long length)
    {
        if (array.Length >= length) return;
        if (length > Array.MaxLength) throw new MemoryExceededException($"one buffer passes {Array.MaxLength:N0} items");
        var old = array.Length;
        length = Charge<T>(Math.Max(length, 16), old + (Bytes<T>(old) > MaxDoubled ? old / 2 : old), old + old / 8);
        Array.Resize(ref array, (int)length);
        Release(Bytes<T>(old));
    }

    /// <summary>Lengthens an array to at least <paramref name="length"/> items, with any content; the old one goes first.</summary>
    /// <exception cref="MemoryExceededException">The account has no room for it.</exception>
    public void Renew<T>(ref T[] array, long length)
    {
        if (array.Length >= length) return;
        Free(ref array);
        if (length > Array.MaxLength) throw new MemoryExceededException($"one buffer passes {Array.MaxLength:N0} items");
        length = Charge<T>(length, length + length / 2, length);
        array = GC.AllocateUninitializedArray<T>((int)length);
    }

    public void Free<T>(ref T[] array)
    {
        Release(Bytes<T>(array.Length));
        array = [];
    }

    /// <summary>Gives back what all arrays charged; they must not be used after it.</summary>
    public void Release() => Release(_charged);

    /// <summary>Charges the most generous of the lengths that there is room for, and returns it.</summary>
    long Charge<T>(long least, params ReadOnlySpan<long> generous)
    {
        if (account is null) return Math.Min(Array.MaxLength, Math.Max(least, generous[0]));
        foreach (var length in generous)
        {
            if (length <= least || length > Array.MaxLength || !account.TryCharge(Bytes<T>(length))) continue;
            _charged += Bytes<T>(length);
            return length;
        }
        account.Charge(Bytes<T>(least));
        _charged += Bytes<T>(least);
        return least;
    }

    void Release(long bytes)
    {
        account?.Release(bytes);
        _charged -= bytes;
    }

    static long Bytes<T>(long items) => items <= FreeItems ? 0 : items * Unsafe.SizeOf<T>();
}
