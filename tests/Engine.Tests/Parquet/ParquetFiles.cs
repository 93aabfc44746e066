using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Files in memory, written and read whole. Sources in memory never wait, so neither do these.</summary>
static class ParquetFiles
{
    static readonly Dictionary<string, string> KeyValues = new() { ["a"] = "1", ["b"] = "zwei" };

    /// <summary>Writes the table in row groups of the given sizes, in turn.</summary>
    public static byte[] Write(Table table, params int[] groupRows)
    {
        using var output = new MemoryStream();
        using var writer = new ParquetFileWriter(table.Schema, output, KeyValues);
        for (int from = 0, group = 0; from < table.Rows; group++)
        {
            var rows = Math.Min(table.Rows - from, groupRows.Length == 0 ? table.Rows : groupRows[group % groupRows.Length]);
            writer.WriteRowGroup(table.Batch(from, rows).Columns);
            from += rows;
        }
        writer.Complete();
        Assert.Equal(table.Rows, writer.Rows);
        return output.ToArray();
    }

    public static FileMetadata Footer(byte[] file) => FooterReader.ReadAsync(new MemorySource(file)).AsTask().GetAwaiter().GetResult();

    public static Schema FlatSchema(FileMetadata file) => new(file.Columns.Where(column => column is { IsFlat: true, Type: not null }).Select(column => new Field(column.Name, column.Type!.Value)));

    /// <summary>Calls back with every batch and its first row.</summary>
    public static long Read(byte[] file, Schema schema, int batchRows, Action<int, RowBatch> batch)
    {
        var reader = new ColumnBatchReader(new MemorySource(file), Footer(file), schema, Buffers());
        var from = 0;
        foreach (var next in reader.ReadAsync(batchRows).ToBlockingEnumerable())
        {
            Assert.InRange(next.Rows, 1, batchRows);
            Assert.All(next.Columns, column => Assert.Equal(next.Rows, column.Length));
            batch(from, next);
            from += next.Rows;
        }
        Wait(reader.DisposeAsync());
        return from;
    }

    /// <summary>The whole file at one batch a row group.</summary>
    public static Table Read(byte[] file)
    {
        var schema = FlatSchema(Footer(file));
        var columns = schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        Read(file, schema, int.MaxValue, (_, batch) =>
        {
            for (var i = 0; i < columns.Length; i++)
            {
                for (var row = 0; row < batch.Rows; row++) columns[i].AppendFrom(batch.Columns[i], row);
            }
        });
        return new Table(schema, columns);
    }

    /// <summary>Reads the file at sizes without common factors, so that batches, pages and row groups meet in every way.</summary>
    public static void AssertReadsAs(Table expected, byte[] file)
    {
        foreach (var batchRows in expected.Rows > 2000 ? [7, 64, 1009, 8191] : new[] { 1, 3, 7, 64, 8191 })
        {
            var rows = Read(file, expected.Schema, batchRows, (from, batch) =>
            {
                for (var i = 0; i < expected.Columns.Length; i++) Tables.AssertSame(expected.Columns[i], from, batch.Columns[i], $"column {i} at batches of {batchRows}");
            });
            Assert.Equal(expected.Rows, rows);
        }
    }

    /// <summary>More than any test of this machine needs.</summary>
    public static Buffers Buffers(long limit = 1L << 30) => new(new MemoryAccount(limit));

    public static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
}
