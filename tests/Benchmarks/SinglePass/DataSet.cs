using System.Globalization;

namespace Fanfold.Benchmarks.SinglePass;

enum Layout
{
    /// <summary>Layout A: each file sorted by ff, so that statistics rule most row groups out.</summary>
    Clustered,

    /// <summary>Layout B: every row group holds every value of ff.</summary>
    Even,
}

/// <summary>A data set on disk: the same rows for any layout, writer and codec, in eight files.</summary>
/// <param name="Root">The folder of all data sets of this size.</param>
sealed record DataSet(string Root, string Name, long Rows)
{
    const int Files = 8;

    // Counted up with every change of what is below, so that no older data is taken for it.
    const int Version = 1;

    // A hash per row and column: of hashes with a second argument, the lower bits are the same in all columns.
    const string Columns = """
        (hash(i * 16 + 1) % 64)::int as ff,
        i::bigint as id,
        (hash(i * 16 + 2) >> 11) / 9007199254740992.0::double as d1,
        (hash(i * 16 + 3) % 1000000)::double / 100 as d2,
        (hash(i * 16 + 4) % 200)::int as cat,
        'key-' || lpad((hash(i * 16 + 5) % 1000)::varchar, 4, '0') as skey,
        'u' || lpad(i::varchar, 8, '0') || lpad(to_hex(hash(i * 16 + 6) >> 16), 12, '0') as shigh,
        make_timestamp(1700000000000000 + i * 1000000 + (hash(i * 16 + 7) % 1000000)::bigint) as ts,
        hash(i * 16 + 8) % 2 = 0 as flag,
        case when hash(i * 16 + 9) % 10 = 0 then null else (hash(i * 16 + 10) >> 11) / 9007199254740992.0::double end as nd
        """;

    const string MixtureColumns = """
        (hash(i * 16 + 1) % 64)::int as ff,
        (hash(i * 16 + 2) >> 11) / 9007199254740992.0::double as d1,
        (hash(i * 16 + 3) % 1000000)::double / 100 as d2,
        (hash(i * 16 + 4) % 200)::int as cat
        """;

    // As many rows for each key, and each in every row group.
    const string GroupColumns = """
        (hash(i * 16 + 1) % 64)::int as ff,
        (hash(i * 16 + 3) % 200)::int as cat,
        (hash(i * 16 + 4) % 1000)::int as k1,
        (hash(i * 16 + 5) % 100)::int as k2,
        'customer-' || lpad((hash(i * 16 + 6) % 1000000)::varchar, 7, '0') as smany,
        (hash(i * 16 + 7) >> 11) / 9007199254740992.0::double as d1,
        (hash(i * 16 + 8) % 1000000)::double / 100 as d2
        """;

    public string Folder => Path.Combine(Root, Name);

    /// <summary>As DuckDB and Polars name all files of it.</summary>
    public string Glob => Path.Combine(Folder, "*.parquet");

    /// <summary>The one that an earlier run left, else a new one.</summary>
    public static Task<DataSet> WriteAsync(Layout layout, string codec, bool small) =>
        WriteAsync($"{Letter(layout)}-duckdb-{codec}", Columns, layout == Layout.Clustered ? "order by ff, id" : "", codec, small);

    /// <summary>Keys of few and of many values, in no order.</summary>
    public static Task<DataSet> WriteGroupsAsync(bool small) => WriteAsync("g-duckdb-snappy", GroupColumns, "", "snappy", small);

    static Task<DataSet> WriteAsync(string name, string columns, string order, string codec, bool small) => WriteAsync(name, columns, order, codec, Size(small));

    static async Task<DataSet> WriteAsync(string name, string columns, string order, string codec, (long Rows, int RowGroup) size)
    {
        var (rows, group) = size;
        return await EnsureAsync(name, rows, folder =>
        {
            for (var file = 0; file < Files; file++)
            {
                Duck.Execute(string.Create(CultureInfo.InvariantCulture, $"""
                    copy (select {columns} from range({rows / Files * file}, {rows / Files * (file + 1)}) t(i) {order})
                    to '{folder}/{file}.parquet' (format parquet, row_group_size {group}, compression {codec})
                    """));
            }
            return Task.CompletedTask;
        });
    }

    /// <summary>Of twelve parts of each file's rows the first so many sorted by ff, the others in no order: all between <see cref="Layout.Even"/> and <see cref="Layout.Clustered"/>.</summary>
    public static Task<DataSet> WriteMixtureAsync(int sorted, bool small) =>
        WriteAsync($"m{sorted}-duckdb-snappy", MixtureColumns, $"order by case when hash(i * 16 + 11) % 12 < {sorted} then ff else 64 end, i", "snappy", (small ? 400_000 : 4_000_000, small ? 8192 : 65_536));

    /// <summary>The same rows in the same files, as Polars writes them.</summary>
    public static async Task<DataSet> WriteTwinAsync(DataSet original, Polars polars, bool small) =>
        await EnsureAsync(original.Name.Replace("duckdb", "polars", StringComparison.Ordinal), original.Rows, async folder =>
        {
            foreach (var file in Directory.EnumerateFiles(original.Folder).Order(StringComparer.Ordinal))
                await polars.CopyAsync(file, Path.Combine(folder, Path.GetFileName(file)), Size(small).RowGroup);
        });

    static (long Rows, int RowGroup) Size(bool small) => small ? (400_000, 8192) : (20_000_000, 262_144);

    static string Letter(Layout layout) => layout == Layout.Clustered ? "a" : "b";

    static async Task<DataSet> EnsureAsync(string name, long rows, Func<string, Task> write)
    {
        var set = new DataSet(Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"fanfold-bench-data-{rows}-v{Version}")), name, rows);
        if (Directory.Exists(set.Folder)) return set;
        // Renamed when it is whole, so that half a data set is written again.
        var unfinished = Directory.CreateDirectory($"{set.Root}-{name}-{Environment.ProcessId}").FullName;
        await write(unfinished);
        Directory.CreateDirectory(set.Root);
        Directory.Move(unfinished, set.Folder);
        return set;
    }
}
