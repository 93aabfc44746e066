using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Tests.Expressions;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Tables to files and back.</summary>
static class TableFile
{
    /// <summary>The table as a file of row groups of at most <paramref name="rowGroupRows"/> rows.</summary>
    public static byte[] Write(RandomTable table, int rowGroupRows)
    {
        using var content = new MemoryStream();
        using var writer = new ParquetFileWriter(table.Schema, content, new Dictionary<string, string> { ["key"] = "value" });
        for (var from = 0; from < table.Rows.Length; from += rowGroupRows)
        {
            var columns = table.Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
            foreach (var row in table.Rows.Skip(from).Take(rowGroupRows))
            {
                for (var i = 0; i < columns.Length; i++) columns[i].Append(row[i]);
            }
            writer.WriteRowGroup(columns);
        }
        writer.Complete();
        return content.ToArray();
    }

    public static FileMetadata Footer(byte[] file) => FooterReader.ReadAsync(new MemorySource(file)).AsTask().GetAwaiter().GetResult();

    /// <summary>All rows, read in batches.</summary>
    public static List<Scalar[]> Read(byte[] file, Schema schema, int batchRows)
    {
        var rows = new List<Scalar[]>();
        var reader = new ColumnBatchReader(new MemorySource(file), Footer(file), schema, ParquetFiles.Buffers());
        foreach (var batch in reader.ReadAsync(batchRows).ToBlockingEnumerable())
        {
            for (var row = 0; row < batch.Rows; row++) rows.Add([.. batch.Columns.Select(column => column[row])]);
        }
        ParquetFiles.Wait(reader.DisposeAsync());
        return rows;
    }

    public static string Text(Scalar[] row) => string.Join(" | ", row.Select(value => value.Type.Lane == Lane.Bytes && !value.IsNull ? Convert.ToHexString(value.BytesValue) : value.ToString()));
}
