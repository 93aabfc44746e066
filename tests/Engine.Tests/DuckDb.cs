using System.Globalization;
using DuckDB.NET.Data;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Tests;

/// <summary>DuckDB as a peer: queries over files in a temporary folder of its own.</summary>
sealed class DuckDb : IDisposable
{
    readonly DuckDBConnection _connection = new("Data Source=:memory:");
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fanfold-tests-");

    public DuckDb()
    {
        _connection.Open();
        Execute("SET threads = 1; SET TimeZone = 'UTC'");
    }

    public string File(string name) => Path.Combine(_folder.FullName, name);

    public string Save(byte[] bytes, string name = "table.parquet")
    {
        System.IO.File.WriteAllBytes(File(name), bytes);
        return File(name);
    }

    public void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The rows of a query; nulls are null.</summary>
    public List<object?[]> Query(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }

    /// <summary>An SQL expression that shows a column of the type as <see cref="Show"/> shows its values; null where DuckDB has no such type.</summary>
    public static string? Shown(DataType type, string column) => type switch
    {
        { Kind: TypeKind.Bool } => $"CAST(CAST({column} AS INTEGER) AS VARCHAR)",
        { Kind: TypeKind.Float or TypeKind.Double } => $"CAST({column} AS DOUBLE)",
        { Kind: TypeKind.String } => $"hex(encode({column}))",
        { Kind: TypeKind.Binary } => $"hex({column})",
        { Kind: TypeKind.Date } => $"CAST({column} - DATE '1970-01-01' AS VARCHAR)",
        // TIME has microseconds, and TIMETZ carries an offset for which Parquet has no room.
        { Kind: TypeKind.Time, Unit: TimeUnit.Nanos } or { Kind: TypeKind.Time, IsUtc: true } => null,
        { Kind: TypeKind.Time } => $"CAST(epoch_us({column}) // {(type.Unit == TimeUnit.Millis ? 1000 : 1)} AS VARCHAR)",
        // TIMESTAMPTZ has microseconds.
        { Kind: TypeKind.Timestamp, Unit: TimeUnit.Nanos, IsUtc: true } => null,
        { Kind: TypeKind.Timestamp } => $"CAST(epoch_{(type.Unit == TimeUnit.Millis ? "ms" : type.Unit == TimeUnit.Micros ? "us" : "ns")}({column}) AS VARCHAR)",
        _ => $"CAST({column} AS VARCHAR)",
    };

    public static object? Show(Scalar value) => value switch
    {
        { IsNull: true } => null,
        { Type.IsFloating: true } => value.FloatingValue,
        { Type.Kind: TypeKind.String or TypeKind.Binary } => Convert.ToHexString(value.BytesValue),
        // DuckDB writes no zero before the point where the type has no digit there.
        { Type: { Kind: TypeKind.Decimal, Precision: var digits, Scale: var scale } } when digits == scale => value.ToString().Remove(value.IntegerValue < 0 ? 1 : 0, 1),
        { Type.Kind: TypeKind.Uuid or TypeKind.Decimal } => value.ToString(),
        _ => value.IntegerValue.ToString(CultureInfo.InvariantCulture),
    };

    public void Dispose()
    {
        _connection.Dispose();
        _folder.Delete(recursive: true);
    }
}
