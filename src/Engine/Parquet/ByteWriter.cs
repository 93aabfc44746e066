namespace Fanfold.Engine.Parquet;

/// <summary>Bytes in a row, appended one after the other; their memory is charged to an account.</summary>
/// <param name="account">Null for few bytes.</param>
sealed class ByteWriter(MemoryAccount? account = null)
{
    readonly ChargedArrays _arrays = new(account);
    byte[] _bytes = [];

    public int Count { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Count);

    /// <summary>The bytes from <paramref name="start"/> on, for writing in place.</summary>
    public Span<byte> From(int start) => _bytes.AsSpan(start, Count - start);

    /// <summary>Forgets the bytes and keeps their memory.</summary>
    public void Clear() => Count = 0;

    public void Add(byte value)
    {
        if (Count == _bytes.Length) _arrays.Lengthen(ref _bytes, Count + 1L);
        _bytes[Count++] = value;
    }

    public void Add(ReadOnlySpan<byte> values) => values.CopyTo(Extend(values.Length));

    /// <summary>Appends <paramref name="length"/> bytes, to be filled.</summary>
    public Span<byte> Extend(int length)
    {
        if (length > _bytes.Length - Count) _arrays.Lengthen(ref _bytes, (long)Count + length);
        Count += length;
        return _bytes.AsSpan(Count - length, length);
    }

    /// <summary>Gives the memory back. The writer must not be used after it.</summary>
    public void Release() => _arrays.Release();
}
