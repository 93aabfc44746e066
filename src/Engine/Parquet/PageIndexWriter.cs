namespace Fanfold.Engine.Parquet;

/// <summary>Writes the page indexes that stand between the pages of a file and its footer (PageIndex.md).</summary>
/// <param name="account">Charged for an index while it is written.</param>
sealed class PageIndexWriter(MemoryAccount? account)
{
    readonly ThriftWriter _writer = new(account);

    /// <summary>The bounds of a chunk's pages, valid until the next call; empty when those of a page are not known, since an index has all or none.</summary>
    public ReadOnlyMemory<byte> WriteBounds(in WrittenChunk chunk)
    {
        var pages = chunk.Pages;
        _writer.Clear();
        foreach (var page in pages)
        {
            if (page.Min is null && page.Nulls < page.Rows) return default;
        }
        _writer.BeginElement();
        _writer.List(1, ThriftType.True, pages.Count);
        foreach (var page in pages) _writer.BoolElement(page.Nulls == page.Rows);
        _writer.List(2, ThriftType.Binary, pages.Count);
        foreach (var page in pages) _writer.BinaryElement(page.Min);
        _writer.List(3, ThriftType.Binary, pages.Count);
        foreach (var page in pages) _writer.BinaryElement(page.Max);
        _writer.I32(4, (int)chunk.Order);
        _writer.List(5, ThriftType.I64, pages.Count);
        foreach (var page in pages) _writer.I64Element(page.Nulls);
        _writer.End();
        return _writer.Written;
    }

    /// <summary>Gives the memory back. The writer must not be used after it.</summary>
    public void Release() => _writer.Release();

    /// <summary>The places of a chunk's data pages, valid until the next call.</summary>
    public ReadOnlyMemory<byte> WritePlaces(in WrittenChunk chunk)
    {
        _writer.Clear();
        _writer.BeginElement();
        _writer.List(1, ThriftType.Struct, chunk.Pages.Count);
        foreach (var page in chunk.Pages)
        {
            _writer.BeginElement();
            _writer.I64(1, page.Offset);
            _writer.I32(2, page.Bytes);
            _writer.I64(3, page.FirstRow);
            _writer.End();
        }
        _writer.End();
        return _writer.Written;
    }
}

/// <summary>How the bounds of a chunk's pages follow each other, numbered as in parquet.thrift.</summary>
enum BoundaryOrder { Unordered = 0, Ascending = 1, Descending = 2 }

/// <summary>A data page as it was written.</summary>
/// <param name="Bytes">With its header.</param>
/// <param name="Min">PLAIN bytes; null when no value is bounded.</param>
readonly record struct WrittenPage(long Offset, int Bytes, int FirstRow, int Rows, int Nulls, byte[]? Min, byte[]? Max);
