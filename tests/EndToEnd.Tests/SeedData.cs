namespace Fanfold.EndToEnd.Tests;

/// <summary>The seed's data set in small: four files, 40,000 rows, eight values of ff and a null.</summary>
static class SeedData
{
    public const int Rows = 40_000;

    const string Trips = """
        select case when i % 97 = 0 then null else (i * 7919) % 8 end::int as ff, i::bigint as id, 'c' || (i % 5) as category, (i // 3 % 4)::int as zone,
               case when i % 11 = 0 then null else ((i * 104729) % 9973) / 4.0 end::double as amount, (((i * 31) % 1000) / 10.0)::double as distance
        from range(40000) t(i)
        """;

    /// <summary>Every row group holds every value of ff.</summary>
    public static string WriteEven(Fanfold fanfold, string folder) => Write(fanfold, folder, "id");

    /// <summary>Sorted by ff, so that statistics rule most row groups out.</summary>
    public static string WriteClustered(Fanfold fanfold, string folder) => Write(fanfold, folder, "ff nulls last, id");

    /// <returns>The files, as DuckDB reads them.</returns>
    static string Write(Fanfold fanfold, string folder, string order)
    {
        var target = Directory.CreateDirectory(fanfold.PathOf(folder)).FullName;
        for (var file = 0; file < 4; file++)
        {
            Duck.Execute($"""
                copy (from ({Trips}) order by {order} limit {Rows / 4} offset {file * Rows / 4})
                to '{target}/trips-{file}.parquet' (format parquet, row_group_size 2048, compression zstd)
                """);
        }
        return $"read_parquet('{target}/*.parquet')";
    }
}
