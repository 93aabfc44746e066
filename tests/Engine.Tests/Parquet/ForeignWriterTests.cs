using DuckDB.NET.Data;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Files that DuckDB writes, in each of its codecs and versions, against DuckDB's own answer.</summary>
public class ForeignWriterTests
{
    static readonly int[] BatchSizes = [1, 3, 7, 64, 8191];

    [Theory]
    [InlineData("uncompressed", "V1")]
    [InlineData("snappy", "V1")]
    [InlineData("snappy", "V2")]
    [InlineData("gzip", "V1")]
    [InlineData("zstd", "V2")]
    [InlineData("brotli", "V1")]
    [InlineData("lz4_raw", "V2")]
    public void Read_DuckDbFile_AnyBatchSize_IsEqual(string codec, string version)
    {
        const string table = """
            select case when i % 7 = 0 then null else i % 50 end::integer as few, (i * 2654435761 % 4294967296)::bigint as many, (i / 7.0)::double as d,
                   'key ' || (i % 300) as s, case when i % 11 = 0 then null else 'unique ' || i end as u, i % 2 = 0 as b, timestamp '2020-01-01' + to_microseconds(i) as t
            from range(5000) r(i)
            """;
        var path = Path.GetTempFileName();
        try
        {
            using var connection = new DuckDBConnection("DataSource=:memory:");
            connection.Open();
            Execute(connection, $"copy ({table}) to '{path}' (format parquet, codec '{codec}', row_group_size 2048, parquet_version {version})");
            var expected = Rows(connection, $"select few::varchar, many::varchar, d::varchar, s, u, b::varchar, t::varchar from ({table})");
            var file = File.ReadAllBytes(path);
            var schema = new Schema(TableFile.Footer(file).Columns.Select(column => new Field(column.Name, column.Type!.Value)));
            foreach (var batchRows in BatchSizes) Assert.Equal(expected, TableFile.Read(file, schema, batchRows).Select(row => string.Join(" | ", row.Select(DuckText))));
        }
        finally
        {
            File.Delete(path);
        }
    }

    static string DuckText(Scalar value) => value is { IsNull: false, Type.IsFloating: true } && value.ToString() is var text && !text.Contains('.', StringComparison.Ordinal) ? text + ".0" : value.ToString();

    static void Execute(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    static List<string> Rows(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read()) rows.Add(string.Join(" | ", Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "null" : reader.GetString(i))));
        return rows;
    }
}
