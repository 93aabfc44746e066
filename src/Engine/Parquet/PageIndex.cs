using System.Runtime.CompilerServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Where a data page is, header included, and the first of its rows in the row group.</summary>
readonly record struct PageLocation(ByteRange Bytes, long FirstRow);

/// <summary>The places of a chunk's data pages, in order (PageIndex.md, OffsetIndex).</summary>
sealed class OffsetIndex
{
    readonly PageLocation[] _pages;
    readonly long _rows;

    OffsetIndex(PageLocation[] pages, long rows)
    {
        _pages = pages;
        _rows = rows;
    }

    public int Pages => _pages.Length;

    /// <summary>What the index takes in memory.</summary>
    public long Bytes => _pages.LongLength * Unsafe.SizeOf<PageLocation>();

    public PageLocation this[int page] => _pages[page];

    /// <summary>The rows of a page; they belong to no other.</summary>
    public RowRange Rows(int page) => new(_pages[page].FirstRow, page + 1 < _pages.Length ? _pages[page + 1].FirstRow : _rows);

    /// <summary>The page that holds a row of the row group.</summary>
    public int PageOf(long row)
    {
        int low = 0, high = _pages.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >> 1;
            if (_pages[middle].FirstRow <= row) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /// <summary>The index of a chunk of <paramref name="rows"/> rows; null when it contradicts the chunk or itself, since all can be read without it.</summary>
    public static OffsetIndex? Parse(ReadOnlySpan<byte> bytes, ColumnChunk chunk, long rows)
    {
        PageLocation[]? pages = null;
        var reader = new ThriftReader(bytes);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            if (field == 1) pages = ParseLocations(ref reader, type);
            else reader.Skip(type);
        }
        if (pages is not { Length: > 0 } || pages[0].FirstRow != 0) return null;
        var end = chunk.Offset;
        for (var i = 0; i < pages.Length; i++)
        {
            var (page, firstRow) = pages[i];
            if (page.Length <= 0 || page.Offset < end || page.Length > chunk.Pages.End - page.Offset) return null;
            if (firstRow >= rows || i > 0 && firstRow <= pages[i - 1].FirstRow) return null;
            end = page.End;
        }
        return new OffsetIndex(pages, rows);
    }

    static PageLocation[] ParseLocations(ref ThriftReader reader, ThriftType listType)
    {
        var count = reader.StructList(listType);
        var pages = new List<PageLocation>();
        for (var i = 0; i < count; i++)
        {
            long offset = -1, length = -1, firstRow = -1;
            reader.Enter();
            short field = 0;
            while (reader.NextField(ref field, out var type))
            {
                switch (field)
                {
                    case 1: offset = reader.I64(type); break;
                    case 2: length = reader.I32(type); break;
                    case 3: firstRow = reader.I64(type); break;
                    default: reader.Skip(type); break;
                }
            }
            reader.Leave();
            pages.Add(new PageLocation(new ByteRange(offset, length), firstRow));
        }
        return [.. pages];
    }
}

/// <summary>The bounds of a chunk's data pages (PageIndex.md, ColumnIndex).</summary>
static class ColumnIndex
{
    /// <summary>What is proved of each page, in order; null when the index lacks something.</summary>
    /// <exception cref="ParquetDataException">It doesn't fit the chunk's <paramref name="pages"/>.</exception>
    public static ColumnBounds[]? Parse(ReadOnlySpan<byte> bytes, ParquetColumn column, int pages)
    {
        byte[][]? min = null, max = null;
        bool[]? nullPages = null;
        var reader = new ThriftReader(bytes);
        short field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field)
            {
                case 1: nullPages = ParseBooleans(ref reader, type, pages); break;
                case 2: min = ParseBinaries(ref reader, type, pages); break;
                case 3: max = ParseBinaries(ref reader, type, pages); break;
                default: reader.Skip(type); break;
            }
        }
        if (min is null || max is null || nullPages is null) return null;
        var bounds = new ColumnBounds[pages];
        // A page said to be of nulls alone has no bounds to go by, and what is said of nulls is not relied on.
        for (var i = 0; i < pages; i++) bounds[i] = nullPages[i] ? ColumnBounds.Unknown : ColumnStatistics.Bounds(column, min[i], max[i]);
        return bounds;
    }

    static bool[] ParseBooleans(ref ThriftReader reader, ThriftType listType, int pages)
    {
        var values = new bool[Counted(reader.List(listType, out var element), pages)];
        for (var i = 0; i < values.Length; i++) values[i] = reader.BoolElement(element);
        return values;
    }

    static byte[][] ParseBinaries(ref ThriftReader reader, ThriftType listType, int pages)
    {
        var values = new byte[Counted(reader.List(listType, out var element), pages)][];
        for (var i = 0; i < values.Length; i++) values[i] = reader.Binary(element).ToArray();
        return values;
    }

    static int Counted(int count, int pages) => count == pages ? count : throw new ParquetDataException(ParquetDefect.Corrupt, $"a column index of {count} pages for a chunk of {pages}");
}
