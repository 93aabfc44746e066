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
    public static bool IsPeer(string[] args) => args is [PeerMode, _];

    /// <summary>Answers the SQL in the arguments on stdout.</summary>
    public static int RunPeer(string[] args)
    {
        var rows = new JsonArray([.. Rows(args[1])]);
        Console.WriteLine(new JsonObject { ["rows"] = rows, ["peak"] = ProcessMemory.Read().Peak }.ToJsonString());
        return 0;
    }

    public override async Task<PassRun> RunAsync(Pass pass)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";
        // Profiles that the runtime gathers pay off later than such a process lives.
        var run = await ProcessRun.StartAsync(dotnet, ["exec", typeof(Duck).Assembly.Location, PeerMode, pass.Sql], new Dictionary<string, string> { ["DOTNET_TieredPGO"] = "0" });
        return PassRun.OfPeer(run, pass);
    }

    public static void Execute(string sql) => Rows(sql);

    public static IReadOnlyList<JsonArray> Rows(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:;threads=1");
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
