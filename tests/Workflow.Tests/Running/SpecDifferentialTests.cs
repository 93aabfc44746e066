using System.Globalization;
using System.Numerics;

using CsCheck;
using DuckDB.NET.Data;
using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Tests;
using Fanfold.Engine.Tests.Expressions;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Random specs over random tables in several files, planned, reduced, combined and committed, against the same in DuckDB's SQL.</summary>
public class SpecDifferentialTests
{
    sealed record Case(RandomTable Table, int FileRows, int RowGroupRows, RandomSpec[] Specs);

    static readonly Gen<Case> Cases = new DiceGen<Case>(
        dice => new Case(DuckDbTable.Make(dice), dice.Pick(40, 75, 150), dice.Pick(7, 32, 100), [.. Enumerable.Range(0, 50).Select(_ => RandomSpec.Make(dice))]),
        made => made.Specs.Sum(spec => spec.Json.Length));

    /// <summary>Errors of DuckDB where there is none here, as docs/spec.md lists them: its arithmetic stays narrow and its decimals short, variances of infinities and logarithms below zero have no value.</summary>
    static readonly string[] DuckDbOnly = ["Out of Range Error", "Conversion Error", "cannot take"];

    [Fact]
    public void Run_AnySpec_EqualsDuckDb()
    {
        var (rows, errors, specs) = (0, 0, 0);
        Cases.Sample(made =>
        {
            using var connection = new DuckDBConnection("DataSource=:memory:");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"set timezone = 'UTC'; set threads = 1; pragma disable_optimizer; create table t ({DuckDbTable.Definition}); insert into t values {string.Join(", ", made.Table.Rows.Select((row, id) => $"({id}, {string.Join(", ", row.Select(DuckDbTable.Literal))})"))}";
            command.ExecuteNonQuery();
            var harness = new RunHarness();
            RandomSource.Write(harness.Store, made.Table, made.FileRows, made.RowGroupRows);
            for (var i = 0; i < made.Specs.Length; i++)
            {
                specs++;
                var (json, sql) = made.Specs[i];
                var (ours, failure) = Ours(harness, $"r{i}", json);
                var (theirs, error) = Theirs(command, sql);
                if (failure is not null || error is not null)
                {
                    Assert.True(error is not null && (failure is not null || DuckDbOnly.Any(kind => error.Contains(kind, StringComparison.Ordinal))), $"{json}\n{sql}\nDuckDB: {error}\nhere: {failure}");
                    errors++;
                    continue;
                }
                Assert.True(theirs!.Count == ours!.Count, $"{json}\n{sql}\nDuckDB {theirs.Count} rows, here {ours.Count}");
                for (var row = 0; row < ours.Count; row++)
                {
                    rows++;
                    Assert.True(ours[row].Length == theirs[row].Length && ours[row].Zip(theirs[row]).All(pair => Same(pair.First, pair.Second)),
                        $"{json}\n{sql}\nrow {row}: DuckDB {string.Join(" | ", theirs[row].Select(value => value ?? "null"))}\nhere {string.Join(" | ", ours[row].Select(value => value.ToString()))}");
                }
            }
        }, iter: Soak.Cases(40), threads: 1);
        Assert.True(specs >= 2_000 && rows > 10 * specs && errors < specs / 10, $"{specs} specs, {rows} rows, {errors} errors");
    }

    static (List<Scalar[]>? Rows, string? Failure) Ours(RunHarness harness, string runId, string json)
    {
        var parsed = SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes(json));
        Assert.True(parsed.Spec is not null, $"{json}\n{string.Join("\n", parsed.Errors.Select(error => error.Message))}");
        var (summary, _) = Task.Run(() => harness.RunAsync(runId, parsed.Spec!)).GetAwaiter().GetResult();
        if (summary.Status != RunStatus.Succeeded) return (null, string.Join("; ", summary.Errors!.Select(error => $"{error.Code} {error.Message}")));
        return (Task.Run(() => ReadAsync(harness)).GetAwaiter().GetResult(), null);
    }

    static async Task<List<Scalar[]>> ReadAsync(RunHarness harness)
    {
        await using var reader = await harness.Store.OpenAsync(RunHarness.Output);
        var source = new ObjectSource(reader!, new Traffic());
        var footer = await FooterReader.ReadAsync(source);
        var rows = new List<Scalar[]>();
        await using var batches = new ColumnBatchReader(source, footer, new Schema(footer.Columns.Select(column => new Field(column.Name, column.Type!.Value))), new Buffers(new MemoryAccount(1 << 28)));
        await foreach (var batch in batches.ReadAsync(1024))
        {
            for (var row = 0; row < batch.Rows; row++) rows.Add([.. batch.Columns.Select(column => column[row])]);
        }
        return rows;
    }

    static (List<object?[]>? Rows, string? Error) Theirs(DuckDBCommand command, string sql)
    {
        try
        {
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            var rows = new List<object?[]>();
            while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
            return (rows, null);
        }
        catch (DuckDBException exception)
        {
            return (null, exception.Message);
        }
    }

    static bool Same(Scalar ours, object? theirs)
    {
        if (theirs is null || ours.IsNull) return theirs is null && ours.IsNull;
        return theirs switch
        {
            bool truth => ours.Type.Kind == TypeKind.Bool && ours.IntegerValue != 0 == truth,
            string text => ours.Type.Kind == TypeKind.String && ours.ToString() == text,
            double floating => ours.Type.IsFloating && Near(ours.FloatingValue, floating),
            decimal number => ours.Type.IsNumeric && decimal.Parse(ours.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture) == number,
            DateOnly date => ours.Type.Kind == TypeKind.Date && ours.IntegerValue == date.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber,
            DateTime instant => ours.Type.Kind == TypeKind.Timestamp ? ours.IntegerValue == (instant - DateTime.UnixEpoch).Ticks / 10 : ours.IntegerValue == (instant - DateTime.UnixEpoch).Days,
            BigInteger number => (BigInteger)ours.IntegerValue == number,
            IFormattable number => ours.IntegerValue.ToString(CultureInfo.InvariantCulture) == number.ToString(null, CultureInfo.InvariantCulture),
            _ => false,
        };
    }

    // Sums of DuckDB's doubles round at each step, and its variances by Welford's method.
    static bool Near(double left, double right) => left.Equals(right) || left == right || Math.Abs(left - right) <= 1e-9 * Math.Max(1e-3, Math.Max(Math.Abs(left), Math.Abs(right)));
}
