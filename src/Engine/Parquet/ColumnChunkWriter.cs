using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;
using ZstdSharp;

namespace Fanfold.Engine.Parquet;

/// <summary>Encodes one column of one row group: byte strings through a dictionary where it saves space, everything else PLAIN, in pages of about 1 MiB.</summary>
sealed class ColumnChunkWriter : IDisposable
{
    const int PageBytes = 1024 * 1024;

    /// <summary>So few that a reader with the page index gains by leaving pages out.</summary>
    const int MaxPageRows = 32 * 1024;

    const int MaxDictionaryBytes = 1024 * 1024;

    readonly Compressor _zstd = new(3);
    readonly ArrayBufferWriter<byte> _page = new();
    readonly ThriftWriter _header = new();
    byte[] _compressed = [];
    long _size;
    long _uncompressedSize;

    /// <summary>Writes a chunk whose first byte is at <paramref name="offset"/> of the file, page by page; returns what the footer says of it.</summary>
    public WrittenChunk Write(Column column, long offset, Stream output)
    {
        _size = _uncompressedSize = 0;
        var dictionary = column is BytesColumn bytes ? DictionaryBuilder.Build(bytes, MaxDictionaryBytes) : null;
        if (dictionary is not null)
        {
            _page.ResetWrittenCount();
            for (var i = 0; i < dictionary.Values.Length; i++) AppendBytes(dictionary.Values.Bytes(i), column.Type);
            WritePage(output, dictionary: true, dictionary.Values.Length, Encoding.Plain);
        }
        var dataOffset = offset + _size;
        var pages = new List<WrittenPage>();
        var order = new PageOrder(column);
        var whole = new Extremes(-1, -1, false);
        for (var from = 0; from < column.Length;)
        {
            var to = PageEnd(column, from, dictionary is not null);
            var pageOffset = offset + _size;
            _page.ResetWrittenCount();
            AppendLevels(column, from, to);
            if (dictionary is not null) AppendCodes(column, dictionary, from, to);
            else AppendValues(column, from, to);
            WritePage(output, dictionary: false, to - from, dictionary is not null ? Encoding.RleDictionary : Encoding.Plain);
            var extremes = ColumnStatistics.ExtremesOf(column, from, to);
            var (low, high) = ColumnStatistics.Bytes(column, extremes);
            pages.Add(new WrittenPage(pageOffset, (int)(offset + _size - pageOffset), from, to - from, NullsOf(column, from, to), low, high));
            order.Add(extremes);
            whole = ColumnStatistics.Merge(column, whole, extremes);
            from = to;
        }
        var (min, max) = ColumnStatistics.Bytes(column, whole);
        return new WrittenChunk(offset, dictionary is not null, dataOffset, pages, order.Order, _size, _uncompressedSize, column.Length, column.NullCount, min, max);
    }

    public void Dispose() => _zstd.Dispose();

    static int NullsOf(Column column, int from, int to)
    {
        var nulls = 0;
        for (var row = from; column.HasNulls && row < to; row++) nulls += column.IsNull(row) ? 1 : 0;
        return nulls;
    }

    static int PageEnd(Column column, int from, bool coded)
    {
        var end = Math.Min(column.Length, from + MaxPageRows);
        if (coded) return end;
        if (column is not BytesColumn bytes) return Math.Min(end, from + PageBytes / 16);
        var to = from;
        while (to < end && (to == from || bytes.Offsets[to + 1] - bytes.Offsets[from] + 4L * (to - from) <= PageBytes)) to++;
        return to;
    }

    void WritePage(Stream output, bool dictionary, int values, Encoding encoding)
    {
        var plain = _page.WrittenSpan;
        var bound = Compressor.GetCompressBound(plain.Length);
        if (_compressed.Length < bound) _compressed = new byte[bound];
        var length = _zstd.Wrap(plain, _compressed);
        var compressed = _compressed.AsSpan(0, length);
        _header.Clear();
        _header.BeginElement();
        _header.I32(1, dictionary ? 2 : 0);
        _header.I32(2, plain.Length);
        _header.I32(3, length);
        _header.I32(4, (int)Crc32.HashToUInt32(compressed));
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
        output.Write(compressed);
        _size += _header.Written.Length + length;
        _uncompressedSize += _header.Written.Length + plain.Length;
    }

    void AppendLevels(Column column, int from, int to)
    {
        var lengthAt = _page.WrittenCount;
        _page.Write(stackalloc byte[4]);
        var encoder = new RleEncoder(_page, 1);
        for (var row = from; row < to; row++) encoder.Add(column.IsNull(row) ? 0 : 1);
        encoder.Finish();
        BinaryPrimitives.WriteInt32LittleEndian(MemoryMarshal.AsMemory(_page.WrittenMemory).Span[lengthAt..], _page.WrittenCount - lengthAt - 4);
    }

    void AppendCodes(Column column, DictionaryBuilder dictionary, int from, int to)
    {
        var width = dictionary.Values.Length <= 1 ? 0 : 32 - int.LeadingZeroCount(dictionary.Values.Length - 1);
        _page.Write([(byte)width]);
        var encoder = new RleEncoder(_page, width);
        for (var row = from; row < to; row++)
        {
            if (!column.IsNull(row)) encoder.Add(dictionary.Codes[row]);
        }
        encoder.Finish();
    }

    void AppendValues(Column column, int from, int to)
    {
        switch (column)
        {
            case BytesColumn bytes:
                for (var row = from; row < to; row++)
                {
                    if (!column.IsNull(row)) AppendBytes(bytes.Bytes(row), column.Type);
                }
                break;
            case Column<byte> booleans: AppendBits(booleans, from, to); break;
            case Column<int> ints: AppendFixed(ints, from, to); break;
            case Column<long> longs when FooterWriter.PhysicalTypeOf(column.Type) == PhysicalType.Int32: AppendNarrowed(longs, from, to); break;
            case Column<long> longs: AppendFixed(longs, from, to); break;
            case Column<ulong> longs: AppendFixed(longs, from, to); break;
            case Column<float> floats: AppendFixed(floats, from, to); break;
            case Column<double> doubles: AppendFixed(doubles, from, to); break;
            case Column<Int128> decimals:
                for (var row = from; row < to; row++)
                {
                    if (column.IsNull(row)) continue;
                    BinaryPrimitives.WriteInt128BigEndian(_page.GetSpan(16), decimals.Values[row]);
                    _page.Advance(16);
                }
                break;
            default: throw new InvalidOperationException($"a {column.GetType().Name} can't be written");
        }
    }

    void AppendBytes(ReadOnlySpan<byte> value, DataType type)
    {
        // Uuids are FIXED_LEN_BYTE_ARRAY, whose values carry no length.
        if (type.Kind != TypeKind.Uuid)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_page.GetSpan(4), value.Length);
            _page.Advance(4);
        }
        _page.Write(value);
    }

    void AppendFixed<T>(Column<T> column, int from, int to) where T : unmanaged
    {
        if (!column.HasNulls)
        {
            _page.Write(MemoryMarshal.AsBytes(column.Values[from..to]));
            return;
        }
        for (var row = from; row < to; row++)
        {
            if (!column.IsNull(row)) _page.Write(MemoryMarshal.AsBytes(column.Values.Slice(row, 1)));
        }
    }

    void AppendNarrowed(Column<long> column, int from, int to)
    {
        for (var row = from; row < to; row++)
        {
            if (column.IsNull(row)) continue;
            BinaryPrimitives.WriteInt32LittleEndian(_page.GetSpan(4), (int)column.Values[row]);
            _page.Advance(4);
        }
    }

    void AppendBits(Column<byte> column, int from, int to)
    {
        int bits = 0, count = 0;
        for (var row = from; row < to; row++)
        {
            if (column.IsNull(row)) continue;
            bits |= column.Values[row] << count;
            if (++count < 8) continue;
            _page.Write([(byte)bits]);
            bits = count = 0;
        }
        if (count > 0) _page.Write([(byte)bits]);
    }
}

/// <summary>Whether the pages of a chunk follow each other in the order of their bounds.</summary>
struct PageOrder(Column column)
{
    Extremes _last = new(-1, -1, false);
    bool _descends, _ascends;

    public readonly BoundaryOrder Order => !_descends ? BoundaryOrder.Ascending : !_ascends ? BoundaryOrder.Descending : BoundaryOrder.Unordered;

    /// <summary>The next page; one without values stands anywhere.</summary>
    public void Add(Extremes page)
    {
        if (page.Min < 0) return;
        if (_last.Min >= 0)
        {
            var (low, high) = (ColumnStatistics.Compare(column, page.Min, _last.Min), ColumnStatistics.Compare(column, page.Max, _last.Max));
            _descends |= low < 0 || high < 0;
            _ascends |= low > 0 || high > 0;
        }
        _last = page;
    }
}
