using System.Text.Json.Nodes;
using Fanfold.Storage;

namespace Fanfold.EndToEnd.Tests.Http;

/// <summary>Data in the store of an API, under names that no other test has, and specs over them.</summary>
sealed class Scenario : IDisposable
{
    public const int Partitions = 4;

    const string Reduce = """{ "groupBy": ["category"], "aggregates": { "n": "len()", "total": "sum(amount)" } }""";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly ApiUnderTest _api;
    readonly string _name = $"t{Guid.NewGuid():N}"[..12];
    readonly string _folder = Directory.CreateTempSubdirectory("fanfold-tests-").FullName;

    Scenario(ApiUnderTest api) => _api = api;

    public string Lake => $"lake/{_name}";

    /// <summary>An id that begins with the scenario's name.</summary>
    public string Id(string run) => $"{_name}-{run}";

    public string Output(string run) => $"results/{_name}/{run}.parquet";

    /// <summary>One file for each value of <c>ff</c>, which its path has.</summary>
    public static async Task<Scenario> CreateAsync(ApiUnderTest api)
    {
        var scenario = new Scenario(api);
        for (var ff = 0; ff < Partitions; ff++)
        {
            Duck.Execute($"""
                copy (select 'c' || (i % 5) as category, (i % 1000) / 8.0 + {ff} as amount from range(2000) t(i)) to '{scenario.FileOf(ff)}' (format parquet)
                """);
            await scenario.PutAsync(ff);
        }
        return scenario;
    }

    string FileOf(int ff) => Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, $"ff={ff}")).FullName, "a.parquet");

    public Task PutAsync(int ff) => PutAsync(ff, File.ReadAllBytes(FileOf(ff)));

    /// <summary>Puts the file with its pages overwritten and its footer whole.</summary>
    public Task BreakAsync(int ff)
    {
        var bytes = File.ReadAllBytes(FileOf(ff));
        bytes.AsSpan(4, 2000).Fill(0xff);
        return PutAsync(ff, bytes);
    }

    /// <summary>Puts the file back as it was.</summary>
    public Task MendAsync(int ff) => PutAsync(ff);

    async Task PutAsync(int ff, byte[] bytes) => await _api.Objects.PutAsync($"{Lake}/ff={ff}/a.parquet", bytes, PutCondition.None, Cancellation);

    public string Spec(string run, string limits = "{}", string more = "{}")
    {
        var spec = Fanfold.Spec(Lake, "ff", Reduce, Output(run), more);
        spec["limits"] = JsonNode.Parse(limits);
        return spec.ToJsonString();
    }

    /// <summary>The right answer.</summary>
    public List<string> Expected(string where = "true") => Duck.Rows($"""
        select ff, category, count(*), sum(amount) from read_parquet('{_folder}/**/*.parquet', hive_partitioning = true, hive_types = {"{'ff': bigint}"}) where {where} group by ff, category order by ff, category
        """);

    /// <summary>The rows of a Parquet file.</summary>
    public List<string> Rows(byte[] parquet)
    {
        var file = Path.Combine(_folder, $"{Guid.NewGuid():N}.parquet.got");
        File.WriteAllBytes(file, parquet);
        return Duck.ReadResult(file);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
