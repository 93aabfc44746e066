using System.Runtime.CompilerServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>The growing arrays and columns of one reducer. Each is charged to the task's account before it is made; not safe to share between threads.</summary>
/// <param name="account">Null for states whose size does not depend on data.</param>
sealed class StateMemory(MemoryAccount? account = null)
{
    readonly List<Column> _columns = [];
    long _charged;
    long _reserve;

    /// <summary>Bytes of arrays that are held, the reserve included.</summary>
    public long Charged => _charged;

    /// <summary>Bytes that could still be charged.</summary>
    public long Room => account is null ? long.MaxValue : account.Limit - account.Held;

    /// <summary>A column that is held until <see cref="Release"/>.</summary>
    public Column NewColumn(DataType type)
    {
        var column = Column.Create(type, account);
        _columns.Add(column);
        return column;
    }

    /// <summary>Columns that the caller releases.</summary>
    public Column[] NewColumns(Schema schema) => [.. schema.Fields.Select(field => Column.Create(field.Type, account))];

    /// <summary>Lengthens an array to at least <paramref name="length"/> items, at least doubling it; the new ones are zero.</summary>
    /// <exception cref="MemoryExceededException">The account has no room for it, or no array can be so long.</exception>
    public void Lengthen<T>(ref T[] array, long length)
    {
        if (array.Length >= length) return;
        var longer = New<T>(Math.Max(length, Math.Min(Array.MaxLength, Math.Max(16, array.Length * 2L))));
        array.AsSpan().CopyTo(longer);
        Free(array);
        array = longer;
    }

    /// <summary>Replaces an array that is shorter than <paramref name="length"/> by one of just that length, with any content.</summary>
    /// <exception cref="MemoryExceededException">The account has no room for it, or no array can be so long; the array is empty then.</exception>
    public void Renew<T>(ref T[] array, long length)
    {
        if (array.Length >= length) return;
        Free(array);
        array = [];
        array = New<T>(length);
    }

    /// <summary>What <see cref="Renew"/> would charge.</summary>
    public static long Missing<T>(T[] array, long length) => array.Length >= length ? 0 : length * Unsafe.SizeOf<T>();

    public T[] New<T>(long length)
    {
        if (length > Array.MaxLength) throw new MemoryExceededException($"one state of a reduction passes {Array.MaxLength:N0} items");
        account?.Charge(length * Unsafe.SizeOf<T>());
        _charged += length * Unsafe.SizeOf<T>();
        return new T[length];
    }

    /// <summary>Keeps so many bytes, in place of those kept before, for what must not fail later; then this gives them back.</summary>
    public void Keep(long bytes)
    {
        if (bytes > _reserve) account?.Charge(bytes - _reserve);
        else account?.Release(_reserve - bytes);
        _charged += bytes - _reserve;
        _reserve = bytes;
    }

    /// <summary>Gives an array back, which must not be used after it.</summary>
    public void Free<T>(T[] array)
    {
        account?.Release((long)array.Length * Unsafe.SizeOf<T>());
        _charged -= (long)array.Length * Unsafe.SizeOf<T>();
    }

    /// <summary>Gives back everything. The arrays and columns must not be used after it.</summary>
    public void Release()
    {
        account?.Release(_charged);
        _charged = _reserve = 0;
        foreach (var column in _columns) column.Release();
    }
}
