using System.IO.Hashing;
using ZstdSharp;

namespace Fanfold.Engine.Parquet;

/// <summary>Writes pages: a header with the CRC, then the body, compressed by zstd.</summary>
/// <param name="account">Charged for the compressed bytes, and for what makes them.</param>
sealed class PageWriter(MemoryAccount? account) : IDisposable
{
    /// <summary>The tables of zstd at its level, 1.3 MB, or 3.7 MB with the windows of a stream.</summary>
    const int ZstdBytes = 4 << 20;

    const int PieceLength = 128 << 10;

    readonly ThriftWriter _header = new(account);
    readonly ChargedArrays _arrays = new(account);
    Compressor? _zstd;
    byte[] _compressed = [];

    /// <summary>Writes a page and returns the bytes it takes in the file, and would take uncompressed.</summary>
    public (int Written, int Plain) Write(Stream output, bool dictionary, int values, Encoding encoding, ReadOnlySpan<byte> body)
    {
        _arrays.Renew(ref _compressed, Compressor.GetCompressBound(body.Length));
        var length = Zstd().Wrap(body, _compressed);
        var compressed = _compressed.AsSpan(0, length);
        WriteHeader(output, dictionary, values, encoding, body.Length, length, Crc32.HashToUInt32(compressed));
        output.Write(compressed);
        return (_header.Written.Length + length, _header.Written.Length + body.Length);
    }

    /// <summary>
    /// Writes a data page of one long value, whose bytes follow <paramref name="body"/>. It is compressed twice, since the header before it has its length
    /// and CRC, and no second copy of the value is held.
    /// </summary>
    public (int Written, int Plain) WriteLong(Stream output, ReadOnlySpan<byte> body, ReadOnlySpan<byte> value)
    {
        var length = 0;
        var crc = new Crc32();
        Compress(body, value, piece =>
        {
            length = checked(length + piece.Length);
            crc.Append(piece);
        });
        var plain = checked(body.Length + value.Length);
        WriteHeader(output, dictionary: false, 1, Encoding.Plain, plain, length, crc.GetCurrentHashAsUInt32());
        Compress(body, value, output.Write);
        return (_header.Written.Length + length, _header.Written.Length + plain);
    }

    public void Dispose()
    {
        if (_zstd is not null) account?.Release(ZstdBytes);
        _zstd?.Dispose();
        _header.Release();
        _arrays.Release();
    }

    Compressor Zstd()
    {
        if (_zstd is not null) return _zstd;
        account?.Charge(ZstdBytes);
        return _zstd = new Compressor(3);
    }

    void Compress(ReadOnlySpan<byte> body, ReadOnlySpan<byte> value, Action<ReadOnlySpan<byte>> take)
    {
        Zstd().SetPledgedSrcSize((ulong)body.Length + (ulong)value.Length);
        Compress(body, isLast: false, take);
        Compress(value, isLast: true, take);
    }

    void Compress(ReadOnlySpan<byte> source, bool isLast, Action<ReadOnlySpan<byte>> take)
    {
        _arrays.Renew(ref _compressed, PieceLength);
        while (true)
        {
            var status = _zstd!.WrapStream(source, _compressed, out var consumed, out var written, isLast);
            if (written > 0) take(_compressed.AsSpan(0, written));
            source = source[consumed..];
            if (source.IsEmpty && status == System.Buffers.OperationStatus.Done) return;
        }
    }

    void WriteHeader(Stream output, bool dictionary, int values, Encoding encoding, int plain, int compressed, uint crc)
    {
        _header.Clear();
        _header.BeginElement();
        _header.I32(1, dictionary ? 2 : 0);
        _header.I32(2, plain);
        _header.I32(3, compressed);
        _header.I32(4, (int)crc);
        _header.BeginStruct(dictionary ? (short)7 : (short)5);
        _header.I32(1, values);
        _header.I32(2, (int)encoding);
        if (!dictionary)
        {
            _header.I32(3, (int)Encoding.Rle);
            _header.I32(4, (int)Encoding.Rle);
        }
        _header.End();
        _header.End();
        output.Write(_header.Written.Span);
    }
}
