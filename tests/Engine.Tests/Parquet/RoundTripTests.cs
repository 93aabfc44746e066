using CsCheck;
using DuckDB.NET.Data;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Tests.Expressions;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>What the writer writes, every reader reads.</summary>
public class RoundTripTests
{
    static readonly int[] BatchSizes = [1, 3, 7, 64, 8191];

    sealed record Case(RandomTable Table, int RowGroupRows, int BatchRows);

    static readonly Gen<Case> Cases = new DiceGen<Case>(
        dice => new Case(RandomTable.Make(dice), 1 + dice.Below(150), dice.Pick(BatchSizes)), made => made.Table.Rows.Length * made.Table.Schema.Count);

    [Fact]
    public void Read_WhatWasWritten_AnyBatchAndRowGroupSize_IsEqual() => Cases.Sample(made =>
    {
        var file = TableFile.Write(made.Table, made.RowGroupRows);
        Assert.Equal(made.Table.Rows.Select(TableFile.Text), TableFile.Read(file, made.Table.Schema, made.BatchRows).Select(TableFile.Text));
        Assert.Equal(file, TableFile.Write(made.Table, made.RowGroupRows));
    }, iter: Soak.Cases(2_000), threads: 1, print: Print);

    [Fact]
    public void Statistics_OfEveryRowGroup_BoundItsValues() => Cases.Sample(made =>
    {
        var footer = TableFile.Footer(TableFile.Write(made.Table, made.RowGroupRows));
        foreach (var group in footer.RowGroups)
        {
            var rows = made.Table.Rows.Skip(group.Ordinal * made.RowGroupRows).Take((int)group.Rows).ToList();
            for (var i = 0; i < made.Table.Schema.Count; i++)
            {
                var values = rows.Select(row => row[i]).Where(value => !value.IsNull).ToList();
                Assert.Equal(rows.Count - values.Count, group.Chunks[i].NullCount);
                var bounds = ColumnStatistics.Bounds(footer.Columns[i], group.Chunks[i]);
                if (values.Count == 0 || values.Any(value => value.IsNaN)) Assert.Equal(ColumnBounds.Unknown, bounds);
                else if (bounds.Min is { } min && bounds.Max is { } max)
                {
                    Assert.Equal(0, Scalar.Compare(values.Aggregate((a, b) => Scalar.Compare(a, b) <= 0 ? a : b), min));
                    Assert.Equal(0, Scalar.Compare(values.Aggregate((a, b) => Scalar.Compare(a, b) >= 0 ? a : b), max));
                }
                else Assert.True(values.Any(value => value.BytesValue.Length > 64), "bounds are missing");
            }
        }
    }, iter: Soak.Cases(1_000), threads: 1, print: Print);

    [Fact]
    public void DuckDb_ReadsTheFile_WithTheSameValues() => Cases.Sample(made =>
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, TableFile.Write(made.Table, made.RowGroupRows));
            using var connection = new DuckDBConnection("DataSource=:memory:");
            connection.Open();
            for (var i = 0; i < made.Table.Schema.Count; i++)
            {
                // DuckDB turns milliseconds into microseconds of 64 bits and refuses dates beyond those.
                if (made.Table.Schema[i].Type is { Kind: TypeKind.Timestamp, Unit: TimeUnit.Millis }) continue;
                var values = made.Table.Rows.Select(row => row[i]).ToList();
                Assert.Equal($"{values.Count(value => !value.IsNull)}", Single(connection, $"select count(c{i}) from read_parquet('{path}')"));
                // Sums and texts of the kinds that both engines show alike.
                if (made.Table.Schema[i].Type is { IsInteger: true } or { Kind: TypeKind.Decimal, Precision: <= 18 } or { Kind: TypeKind.Bool })
                {
                    Int128 sum = 0;
                    foreach (var value in values) sum += value.IsNull ? 0 : value.IntegerValue;
                    var scale = made.Table.Schema[i].Type.Scale;
                    Assert.Equal(TemporalText.Decimal(sum, scale), Single(connection, $"select coalesce(sum(c{i}::decimal(38,{scale})), 0::decimal(38,{scale})) from read_parquet('{path}')"));
                }
                else if (made.Table.Schema[i].Type.Kind is TypeKind.String or TypeKind.Uuid or TypeKind.Date)
                    Assert.Equal(values.Where(value => !value.IsNull).Select(value => value.ToString()), Texts(connection, $"select c{i}::varchar from read_parquet('{path}') where c{i} is not null"));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }, iter: Soak.Cases(150), threads: 1, print: Print);

    static string Single(DuckDBConnection connection, string sql) => Texts(connection, $"select ({sql})::varchar").Single();

    static List<string> Texts(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var texts = new List<string>();
        while (reader.Read()) texts.Add(reader.GetString(0));
        return texts;
    }

    static string Print(Case made) => $"row groups of {made.RowGroupRows}, batches of {made.BatchRows}\n{string.Join(", ", made.Table.Schema.Fields)}\n{string.Join("\n", made.Table.Rows.Select(TableFile.Text))}";
}
