using System.Globalization;
using DuckDB.NET.Data;

namespace Fanfold.EndToEnd.Tests;

/// <summary>DuckDB: writes the data of tests, and knows the right answers.</summary>
static class Duck
{
    public static void Execute(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The rows of a query, values in invariant text; doubles to 12 digits, since the order of a sum is the engine's own.</summary>
    public static List<string> Rows(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read()) rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "null" : Text(reader.GetValue(i)))));
        return rows;
    }

    /// <summary>The rows of a result file in their own order.</summary>
    public static List<string> ReadResult(string file) => Rows($"from read_parquet('{file}')");

    static string Text(object value) => value switch
    {
        double number => number.ToString("G12", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    static DuckDBConnection Open()
    {
        var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        return connection;
    }
}
