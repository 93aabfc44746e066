using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Encodes one column of one row group: byte strings through a dictionary where it saves space, everything else PLAIN, in pages of about 1 MiB.</summary>
/// <param name="account">Charged for a page, its compressed bytes, and what compresses them; null when nobody counts.</param>
sealed class ColumnChunkWriter(MemoryAccount? account) : IDisposable
{
    const int PageBytes = 1024 * 1024;

    /// <summary>So few that a reader with the page index gains by leaving pages out.</summary>
    const int MaxPageRows = 32 * 1024;

    const int MaxDictionaryBytes = 1024 * 1024;

    readonly ByteWriter _page = new(account);
    readonly PageWriter _pages = new(account);
    readonly DictionaryBuilder _dictionary = new(account);
    long _size;
    long _uncompressedSize;

    /// <summary>Writes a chunk whose first byte is at <paramref name="offset"/> of the file, page by page; returns what the footer says of it.</summary>
    public WrittenChunk Write(Column column, long offset, Stream output)
    {
        _size = _uncompressedSize = 0;
        var isCoded = column is BytesColumn bytes && _dictionary.TryBuild(bytes, MaxDictionaryBytes);
        if (isCoded)
        {
            _page.Clear();
            for (var i = 0; i < _dictionary.Values.Length; i++) AppendBytes(_dictionary.Values.Bytes(i), column.Type);
            Count(_pages.Write(output, dictionary: true, _dictionary.Values.Length, Encoding.Plain, _page.Written.Span));
        }
        var dataOffset = offset + _size;
        var pages = new List<WrittenPage>();
        var order = new PageOrder(column);
        var whole = new Extremes(-1, -1, false);
        for (var from = 0; from < column.Length;)
        {
            var to = PageEnd(column, from, isCoded);
            var pageOffset = offset + _size;
            _page.Clear();
            AppendLevels(column, from, to);
            if (isCoded)
            {
                AppendCodes(column, from, to);
                Count(_pages.Write(output, dictionary: false, to - from, Encoding.RleDictionary, _page.Written.Span));
            }
            else if (column is BytesColumn strings && strings.Bytes(from).Length > PageBytes)
            {
                BinaryPrimitives.WriteInt32LittleEndian(_page.Extend(4), strings.Bytes(from).Length);
                Count(_pages.WriteLong(output, _page.Written.Span, strings.Bytes(from)));
            }
            else
            {
                AppendValues(column, from, to);
                Count(_pages.Write(output, dictionary: false, to - from, Encoding.Plain, _page.Written.Span));
            }
            var extremes = ColumnStatistics.ExtremesOf(column, from, to);
            var (low, high) = ColumnStatistics.Bytes(column, extremes);
            pages.Add(new WrittenPage(pageOffset, (int)(offset + _size - pageOffset), from, to - from, NullsOf(column, from, to), low, high));
            order.Add(extremes);
            whole = ColumnStatistics.Merge(column, whole, extremes);
            from = to;
        }
        var (min, max) = ColumnStatistics.Bytes(column, whole);
        return new WrittenChunk(offset, isCoded, dataOffset, pages, order.Order, _size, _uncompressedSize, column.Length, column.NullCount, min, max);
    }

    public void Dispose()
    {
        _page.Release();
        _pages.Dispose();
        _dictionary.Release();
    }

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

    void Count((int Written, int Plain) page)
    {
        _size += page.Written;
        _uncompressedSize += page.Plain;
    }

    void AppendLevels(Column column, int from, int to)
    {
        var lengthAt = _page.Count;
        _page.Extend(4);
        var encoder = new RleEncoder(_page, 1);
        for (var row = from; row < to; row++) encoder.Add(column.IsNull(row) ? 0 : 1);
        encoder.Finish();
        BinaryPrimitives.WriteInt32LittleEndian(_page.From(lengthAt), _page.Count - lengthAt - 4);
    }

    void AppendCodes(Column column, int from, int to)
    {
        var width = _dictionary.Values.Length <= 1 ? 0 : 32 - int.LeadingZeroCount(_dictionary.Values.Length - 1);
        _page.Add((byte)width);
        var encoder = new RleEncoder(_page, width);
        var codes = _dictionary.Codes;
        for (var row = from; row < to; row++)
        {
            if (!column.IsNull(row)) encoder.Add(codes[row]);
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
                    if (!column.IsNull(row)) BinaryPrimitives.WriteInt128BigEndian(_page.Extend(16), decimals.Values[row]);
                }
                break;
            default: throw new InvalidOperationException($"a {column.GetType().Name} can't be written");
        }
    }

    void AppendBytes(ReadOnlySpan<byte> value, DataType type)
    {
        // Uuids are FIXED_LEN_BYTE_ARRAY, whose values carry no length.
        if (type.Kind != TypeKind.Uuid) BinaryPrimitives.WriteInt32LittleEndian(_page.Extend(4), value.Length);
        _page.Add(value);
    }

    void AppendFixed<T>(Column<T> column, int from, int to) where T : unmanaged
    {
        if (!column.HasNulls)
        {
            _page.Add(MemoryMarshal.AsBytes(column.Values[from..to]));
            return;
        }
        for (var row = from; row < to; row++)
        {
            if (!column.IsNull(row)) _page.Add(MemoryMarshal.AsBytes(column.Values.Slice(row, 1)));
        }
    }

    void AppendNarrowed(Column<long> column, int from, int to)
    {
        for (var row = from; row < to; row++)
        {
            if (!column.IsNull(row)) BinaryPrimitives.WriteInt32LittleEndian(_page.Extend(4), (int)column.Values[row]);
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
            _page.Add((byte)bits);
            bits = count = 0;
        }
        if (count > 0) _page.Add((byte)bits);
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
