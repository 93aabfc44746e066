using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Fanfold.Worker;

namespace Fanfold.Benchmarks.SinglePass;

/// <summary>DuckDB on one thread: in this process for data and answers, in a process of its own as a contender.</summary>
sealed class Duck : Contender
{
    const string PeerMode = "--duckdb";

    public override string Name => "DuckDB";

    /// <summary>Whether this process is the contender, started by <see cref="RunAsync"/>.</summary>
    public static bool IsPeer(string[] args) => args is [PeerMode, _, ..];

    /// <summary>Answers the SQL in the arguments on stdout, all of it in one connection.</summary>
    public static int RunPeer(string[] args)
    {
        var rows = new JsonArray([.. Rows(string.Join("; ", args[2..]), int.Parse(args[1], CultureInfo.InvariantCulture))]);
        Console.WriteLine(new JsonObject { ["rows"] = rows, ["peak"] = ProcessMemory.Read().Peak }.ToJsonString());
        return 0;
    }

    public override async Task<PassRun> RunAsync(Pass pass) => PassRun.OfPeer(await StartAsync(threads: 1, pass.Sql), pass);

    public static Task<ProcessRun> StartAsync(int threads, params IEnumerable<string> sql)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";
        // Profiles that the runtime gathers pay off later than such a process lives.
        return ProcessRun.StartAsync(dotnet, ["exec", typeof(Duck).Assembly.Location, PeerMode, $"{threads}", .. sql], new Dictionary<string, string> { ["DOTNET_TieredPGO"] = "0" });
    }

    public static void Execute(string sql) => Rows(sql);

    public static IReadOnlyList<JsonArray> Rows(string sql, int threads = 1)
    {
        using var connection = new DuckDBConnection($"DataSource=:memory:;threads={threads}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<JsonArray>();
        while (reader.Read()) rows.Add(new JsonArray([.. Enumerable.Range(0, reader.FieldCount).Select(column => Cell(reader.GetValue(column)))]));
        return rows;
    }

    static JsonValue Cell(object value) => value is string text
        ? JsonValue.Create(text)
        : JsonValue.Create(Convert.ToDouble(value is System.Numerics.BigInteger big ? (double)big : value, CultureInfo.InvariantCulture));
}
