using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;

namespace Fanfold.LocalHost;

/// <summary>The demo's data set: taxi-like trips whose partition column is spread evenly over every row group.</summary>
static class DemoData
{
    public const int Files = 8;
    public const int Partitions = 64;
    public const int Rows = Files * RowGroups * RowGroupRows;

    const int RowGroups = 4;
    const int RowGroupRows = 40_000;
    const int Seed = 20240131;
    const string Folder = "lake/trips";

    static readonly byte[] Version = [.. "fanfold demo 1"u8];
    static readonly byte[][] Categories = [.. "airport city intercity night pooled premium rental school".Split(' ').Select(System.Text.Encoding.UTF8.GetBytes)];

    static readonly Schema Schema = new(
    [
        new Field("ff", DataType.Int32), new Field("id", DataType.Int64), new Field("pickup", DataType.Timestamp(TimeUnit.Micros)), new Field("category", DataType.String),
        new Field("distance", DataType.Double), new Field("amount", DataType.Double),
    ]);

    /// <summary>Makes the data set unless a whole one is there; whether it made it.</summary>
    public static async Task<bool> EnsureAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        // The marker is written last, so half a data set is made again.
        if (await store.ReadAllAsync($"{Folder}/_SUCCESS", 1024, cancellationToken) is { } marker && marker.AsSpan().SequenceEqual(Version)) return false;
        var random = new Random(Seed);
        for (var file = 0; file < Files; file++)
        {
            using var content = new MemoryStream();
            WriteFile(file, random, content);
            content.Position = 0;
            await store.PutAsync($"{Folder}/trips-{file}.parquet", content, PutCondition.None, cancellationToken);
        }
        await store.PutAsync($"{Folder}/_SUCCESS", Version, PutCondition.None, cancellationToken);
        return true;
    }

    static void WriteFile(int file, Random random, Stream content)
    {
        using var writer = new ParquetFileWriter(Schema, content, new Dictionary<string, string>());
        for (var group = 0; group < RowGroups; group++)
        {
            var columns = Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
            for (var row = 0; row < RowGroupRows; row++) AppendTrip(columns, (file * RowGroups + group) * RowGroupRows + row, random);
            writer.WriteRowGroup(columns);
        }
        writer.Complete();
    }

    static void AppendTrip(Column[] columns, int id, Random random)
    {
        const long start = 1_704_067_200_000_000; // 2024-01-01
        var distance = Math.Round(random.NextDouble() * random.NextDouble() * 60, 2);
        ((Column<int>)columns[0]).Append(random.Next(Partitions));
        ((Column<long>)columns[1]).Append(id);
        ((Column<long>)columns[2]).Append(start + id * 31_000_000L);
        ((BytesColumn)columns[3]).Append(Categories[random.Next(Categories.Length)]);
        ((Column<double>)columns[4]).Append(distance);
        if (random.Next(100) == 0) columns[5].AppendNull();
        else ((Column<double>)columns[5]).Append(Math.Round(3 + distance * 2.2 + random.NextDouble() * 5, 2));
    }
}
