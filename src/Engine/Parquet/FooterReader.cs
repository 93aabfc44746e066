using System.Buffers.Binary;

namespace Fanfold.Engine.Parquet;

/// <summary>Reads the footer of a Parquet file.</summary>
/// <remarks>Parquet format, "File format": <c>PAR1 … pages … FileMetaData, its length in 4 bytes, PAR1</c>.</remarks>
public static class FooterReader
{
    /// <summary>Enough for the footer of nearly every file in one read.</summary>
    const int TailLength = 64 * 1024;

    /// <summary>The largest footer that is read.</summary>
    public const int MaxFooterLength = 128 * 1024 * 1024;

    /// <summary>What a footer takes for each of its bytes: those, and the objects made of them, which are about five times as large.</summary>
    public const int MemoryPerByte = 6;

    /// <exception cref="ParquetDataException">The file is no readable Parquet file; the place names the file.</exception>
    public static ValueTask<FileMetadata> ReadAsync(IByteSource source, CancellationToken cancellationToken = default) => ReadAsync(source, null, cancellationToken);

    /// <param name="account">Charged, by <see cref="MemoryPerByte"/>, while a footer is read; what is made of it is the caller's to charge.</param>
    /// <exception cref="ParquetDataException">The file is no readable Parquet file; the place names the file.</exception>
    /// <exception cref="MemoryExceededException">The account has no room for it.</exception>
    public static async ValueTask<FileMetadata> ReadAsync(IByteSource source, MemoryAccount? account, CancellationToken cancellationToken = default)
    {
        long charged = 0;
        try
        {
            if (source.Length < 12)
                throw new ParquetDataException(ParquetDefect.NotParquet, source.Length == 0 ? "the file is empty" : $"the file has {source.Length} bytes; the smallest Parquet file has 12");
            var tail = new byte[(int)Math.Min(TailLength, source.Length)];
            await source.ReadAsync(source.Length - tail.Length, tail, cancellationToken);
            var footerLength = FooterLength(tail, source.Length);
            account?.Charge((long)footerLength * MemoryPerByte);
            charged = (long)footerLength * MemoryPerByte;
            if (footerLength + 8 > tail.Length)
            {
                var whole = new byte[footerLength];
                await source.ReadAsync(source.Length - 8 - footerLength, whole, cancellationToken);
                return FooterParser.Parse(whole, source.Length - 8 - footerLength);
            }
            return FooterParser.Parse(tail.AsSpan(tail.Length - 8 - footerLength, footerLength), source.Length - 8 - footerLength);
        }
        catch (Exception exception) when (ParquetDataException.From(exception) is { } typed)
        {
            throw typed.At(file: source.Name);
        }
        finally
        {
            account?.Release(charged);
        }
    }

    static int FooterLength(ReadOnlySpan<byte> tail, long fileLength)
    {
        var magic = tail[^4..];
        if (magic.SequenceEqual("PARE"u8)) throw new ParquetDataException(ParquetDefect.Encrypted, "the footer is encrypted");
        if (!magic.SequenceEqual("PAR1"u8)) throw new ParquetDataException(ParquetDefect.NotParquet, "the file does not end with the Parquet magic 'PAR1'");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail[^8..^4]);
        if (length > fileLength - 12)
            throw new ParquetDataException(ParquetDefect.Truncated, $"the footer should have {length} bytes, the whole file has {fileLength}");
        if (length > MaxFooterLength)
            throw new ParquetDataException(ParquetDefect.TooLarge, $"the footer has {length} bytes; the limit is {MaxFooterLength}");
        return (int)length;
    }
}
