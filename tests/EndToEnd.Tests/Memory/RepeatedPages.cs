using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Fanfold.EndToEnd.Tests.Memory;

/// <summary>
/// Parquet files of one row group in which each column is one page again and again: written at the speed of the disk in the memory of a page, however large they are
/// decoded. Values are plain, compressed by gzip and never null.
/// </summary>
static class RepeatedPages
{
    const int Gzip = 2, Int64 = 2, ByteArray = 6, Utf8 = 0, Plain = 0;

    /// <param name="Body">The values of one page, plainly encoded.</param>
    public sealed record PagedColumn(string Name, bool IsText, byte[] Body);

    public static PagedColumn Numbers(string name, IEnumerable<long> values) => new(name, false, [.. values.SelectMany(BitConverter.GetBytes)]);

    public static PagedColumn Texts(string name, IEnumerable<string> values) =>
        new(name, true, [.. values.Select(Encoding.UTF8.GetBytes).SelectMany(text => BitConverter.GetBytes(text.Length).Concat(text))]);

    /// <param name="rows">Of a page; all columns have pages of as many.</param>
    public static void Write(string file, int rows, int pages, params PagedColumn[] columns)
    {
        using var output = File.Create(file);
        output.Write("PAR1"u8);
        var chunks = new List<Chunk>();
        foreach (var column in columns)
        {
            var page = Page(column.Body, rows);
            chunks.Add(new Chunk(column, output.Position, (long)page.Bytes.Length * pages, (long)page.Uncompressed * pages));
            for (var i = 0; i < pages; i++) output.Write(page.Bytes);
        }
        var footer = Footer(chunks, (long)rows * pages);
        output.Write(footer);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        output.Write(length);
        output.Write("PAR1"u8);
    }

    readonly record struct Chunk(PagedColumn Column, long Start, long Compressed, long Uncompressed);

    static (byte[] Bytes, int Uncompressed) Page(byte[] body, int rows)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(body);
        var header = new Compact().Number(1, 0).Number(2, body.Length).Number(3, compressed.Length)
            .Struct(5, new Compact().Number(1, rows).Number(2, Plain).Number(3, Plain).Number(4, Plain)).End();
        return ([.. header, .. compressed.ToArray()], header.Length + body.Length);
    }

    static byte[] Footer(List<Chunk> chunks, long rows)
    {
        var schema = chunks.Select(chunk => new Compact().Number(1, chunk.Column.IsText ? ByteArray : Int64).Number(3, 0).Text(4, chunk.Column.Name)).ToList();
        for (var i = 0; i < schema.Count; i++)
            if (chunks[i].Column.IsText) schema[i].Number(6, Utf8);
        var columns = chunks.Select(chunk => new Compact().Number(2, chunk.Start).Struct(3, new Compact()
            .Number(1, chunk.Column.IsText ? ByteArray : Int64).Numbers(2, Plain).Texts(3, chunk.Column.Name).Number(4, Gzip)
            .Wide(5, rows).Wide(6, chunk.Uncompressed).Wide(7, chunk.Compressed).Wide(9, chunk.Start)));
        var group = new Compact().Structs(1, columns).Wide(2, chunks.Sum(chunk => chunk.Uncompressed)).Wide(3, rows);
        return new Compact().Number(1, 1).Structs(2, [new Compact().Text(4, "root").Number(5, chunks.Count), .. schema]).Wide(3, rows).Structs(4, [group]).End();
    }
}
