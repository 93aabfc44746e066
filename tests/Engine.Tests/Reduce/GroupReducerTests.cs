using System.Numerics;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Reduce;

public class GroupReducerTests
{
    /// <summary>Tables whose first one to four columns are keys, and two more.</summary>
    static readonly Gen<(Table Table, int Keys, int Batch)> Cases =
        Gen.Select(Gen.Int[1, 4], Tables.AnyType.Array[6], Gen.Int[1, 300], Gen.Int[1, 100]).SelectMany(
            (keys, types, rows, batch) => Tables.WithTypes([.. types.Take(keys + 2)], rows).Select(table => (table, keys, batch)));

    [Fact]
    public void Reduce_AnyTable_EqualsTheObviousReduction() => Cases.Sample(x =>
    {
        var aggregates = AggregatesOf(x.Table.Schema, x.Keys);
        if (Outcome(() => Reduce(x.Table, x.Keys, aggregates, x.Batch, coded: false)) is not { } actual) return;
        var expected = ReferenceReduction.Of(x.Table, x.Keys, aggregates);
        Assert.Equal(expected.Count, actual[0].Length);
        for (var row = 0; row < expected.Count; row++)
        {
            for (var i = 0; i < actual.Count; i++)
            {
                if (!IsClose(expected[row][i], actual[i][row], i < x.Keys ? null : aggregates[i - x.Keys].Function)) Assert.Fail($"row {row}, output {i}: {actual[i][row]} instead of {expected[row][i]} ({(i < x.Keys ? "key" : aggregates[i - x.Keys])})");
            }
        }
    }, iter: Soak.Cases(400));

    [Fact]
    public void Reduce_AnyBatchesAndCodes_GivesTheSameBits() => Cases.Sample(x =>
    {
        var aggregates = AggregatesOf(x.Table.Schema, x.Keys);
        var whole = Outcome(() => Reduce(x.Table, x.Keys, aggregates, int.MaxValue, coded: false));
        var batches = Outcome(() => Reduce(x.Table, x.Keys, aggregates, x.Batch, coded: true));
        Assert.Equal(whole is null, batches is null);
        if (whole is not null) Tables.AssertSame(whole, batches!);
    }, iter: Soak.Cases(300));

    [Fact]
    public void Merge_AnyCutsAndOrder_GivesTheSameBits() => Gen.Select(Cases, Gen.Int[0, 300].Array[0, 4], Gen.Int, Gen.Bool).Sample((x, borders, seed, stored) =>
    {
        var aggregates = AggregatesOf(x.Table.Schema, x.Keys);
        var whole = Outcome(() => Reduce(x.Table, x.Keys, aggregates, int.MaxValue, coded: false));
        var merged = Outcome(() =>
        {
            int[] cuts = [0, .. borders.Select(border => Math.Min(border, x.Table.Rows)).Order(), x.Table.Rows];
            var parts = Enumerable.Range(1, cuts.Length - 1).Select(i => Accumulated(x.Table, x.Keys, aggregates, 1 + x.Batch / i, cuts[i - 1], cuts[i], coded: i % 2 == 0)).ToArray();
            new Random(seed).Shuffle(parts);
            // The first keeps its rows as they are; the others come to it as states.
            foreach (var part in parts.Skip(1)) Merge(parts[0], part, stored);
            return Output(parts[0]);
        });
        Assert.Equal(whole is null, merged is null);
        if (whole is not null) Tables.AssertSame(whole, merged!);
    }, iter: Soak.Cases(300));

    /// <param name="stored">By way of a Parquet file.</param>
    static void Merge(GroupReducer target, GroupReducer part, bool stored)
    {
        foreach (var columns in part.States())
        {
            if (stored) ParquetFiles.Read(ParquetFiles.Write(new Table(part.StateSchema, [.. columns]), 50), part.StateSchema, 20, (_, batch) => target.Merge(batch));
            else target.Merge(new RowBatch(columns[0].Length, columns));
        }
    }

    [Fact]
    public void Reduce_SupportedTypes_EqualsDuckDb()
    {
        using var duckDb = new DuckDb();
        DataType[] keyTypes = [DataType.Int32, DataType.Bool, DataType.String, DataType.Date];
        DataType[] types = [.. keyTypes, new(TypeKind.Int16), DataType.Decimal(12, 2), new(TypeKind.UInt32), DataType.String];
        Tables.WithTypes(types, 200, extreme: false).Sample(table =>
        {
            for (var key = 0; key < keyTypes.Length; key++)
            {
                var aggregates = AggregatesOf(table.Schema, keyTypes.Length);
                var columns = new GroupReducer(table.Schema, null, [key], aggregates, []);
                columns.Accumulate(table.Batch(0, table.Rows));
                var actual = Output(columns);
                var select = columns.OutputSchema.Fields.Skip(1).Select((field, i) => DuckDb.Shown(field.Type, Sql(aggregates[i], table.Schema)));
                var rows = duckDb.Query($"""
                    SELECT {DuckDb.Shown(keyTypes[key], $"c{key}")}, {string.Join(", ", select)}
                    FROM read_parquet('{duckDb.Save(ParquetFiles.Write(table, 64))}') GROUP BY c{key} ORDER BY c{key} NULLS LAST
                    """);
                Assert.Equal(rows.Count, actual[0].Length);
                for (var row = 0; row < rows.Count; row++)
                {
                    for (var i = 0; i < actual.Count; i++) AssertClose(rows[row][i], DuckDb.Show(actual[i][row]), columns.OutputSchema[i].Name);
                }
            }
        }, iter: Soak.Cases(5), threads: 1);
    }

    [Theory]
    [InlineData(TypeKind.Int64)]
    [InlineData(TypeKind.UInt64)]
    [InlineData(TypeKind.Decimal)]
    public void Sum_PastItsType_IsAnOverflow(TypeKind kind)
    {
        var type = kind == TypeKind.Decimal ? DataType.Decimal(38, 0) : new DataType(kind);
        var largest = kind switch { TypeKind.Int64 => long.MaxValue, TypeKind.UInt64 => ulong.MaxValue, _ => MaxDecimal };
        Assert.Throws<AggregateOverflowException>(() => Sum(type, [largest, 1]));
        Assert.Equal(largest, Sum(type, [largest, 0]));
        if (kind != TypeKind.UInt64) Assert.Throws<AggregateOverflowException>(() => Sum(type, [-largest, -1, -1]));
    }

    [Fact]
    public void Sum_DecimalsThatPass128BitsOnTheWay_IsExactInAnyOrder()
    {
        Int128[] values = [MaxDecimal, MaxDecimal, MaxDecimal, -MaxDecimal, -MaxDecimal, -MaxDecimal, 5];
        var random = new Random(1);
        for (var i = 0; i < 50; i++)
        {
            random.Shuffle(values);
            Assert.Equal(5, Sum(DataType.Decimal(38, 0), values));
        }
    }

    [Fact]
    public void Sort_TermsTiesAndLimit_FollowTheSpec() => Gen.Select(Cases, Gen.Bool.Array[2], Gen.Int[0, 20]).Sample((x, descending, limit) =>
    {
        Aggregate[] aggregates = [new("n", AggregateFunction.Len, -1), new("least", AggregateFunction.Min, x.Keys + 1)];
        SortKey[] sort = [new(x.Keys, descending[0]), new(x.Keys + 1, descending[1])];
        var reducer = new GroupReducer(x.Table.Schema, null, [.. Enumerable.Range(0, x.Keys)], aggregates, sort, limit);
        reducer.Accumulate(x.Table.Batch(0, x.Table.Rows));
        var unsorted = ReferenceReduction.Of(x.Table, x.Keys, aggregates);
        var expected = unsorted.Select((row, i) => (row, i)).Order(Comparer<(Scalar[] Row, int I)>.Create((left, right) =>
        {
            foreach (var key in sort)
            {
                var compared = CompareNullsLast(left.Row[key.Column], right.Row[key.Column], key.Descending);
                if (compared != 0) return compared;
            }
            return left.I.CompareTo(right.I);
        })).Take(limit).Select(pair => pair.Item1).ToList();
        var actual = reducer.Finish().ToList();
        Assert.Equal(expected.Count == 0 ? 0 : 1, actual.Count);
        for (var row = 0; row < expected.Count; row++)
        {
            for (var i = 0; i < expected[row].Length; i++) Assert.Equal(0, Scalar.Compare(expected[row][i], actual[0][i][row]));
        }
    }, iter: Soak.Cases(200));

    /// <summary>Equal; variances, which the reference rounds more often, nearly so.</summary>
    static bool IsClose(Scalar expected, Scalar actual, AggregateFunction? function) =>
        Scalar.Compare(expected, actual) == 0
        || function is AggregateFunction.Var or AggregateFunction.Std && !expected.IsNull && !actual.IsNull
            && Math.Abs(expected.FloatingValue - actual.FloatingValue) <= Math.Max(1e-14 * expected.FloatingValue, double.Epsilon);

    internal static int CompareNullsLast(Scalar left, Scalar right, bool descending) =>
        left.IsNull || right.IsNull ? left.IsNull.CompareTo(right.IsNull) : descending ? Scalar.Compare(right, left) : Scalar.Compare(left, right);

    static readonly Int128 MaxDecimal = (Int128)(BigInteger.Pow(10, 38) - 1);

    static Int128 Sum(DataType type, IEnumerable<Int128> values)
    {
        var column = Tables.Of(type, values.Select(value => Scalar.Integer(type, value)));
        var table = new Table(new Schema([new Field("x", type)]), [column]);
        return Output(Accumulated(table, 0, [new Aggregate("total", AggregateFunction.Sum, 0)], 1, 0, table.Rows, coded: false))[0][0].IntegerValue;
    }

    internal static List<Aggregate> AggregatesOf(Schema schema, int firstValue)
    {
        var aggregates = new List<Aggregate> { new("n", AggregateFunction.Len, -1) };
        for (var i = firstValue; i < schema.Count; i++)
        {
            foreach (var function in Enum.GetValues<AggregateFunction>().Skip(1))
            {
                if (Aggregate.ResultType(function, schema[i].Type) is null) continue;
                foreach (var q in function == AggregateFunction.Quantile ? [0, 0.3, 1] : (double?[])[null]) aggregates.Add(new Aggregate($"{function}_{i}_{q}", function, i, q));
            }
        }
        return aggregates;
    }

    static string Sql(Aggregate aggregate, Schema schema) => aggregate.Function switch
    {
        AggregateFunction.Len => "count(*)",
        AggregateFunction.Mean => $"avg(c{aggregate.Input})",
        AggregateFunction.Std => $"stddev_samp(c{aggregate.Input}::DOUBLE)",
        AggregateFunction.Var => $"var_samp(c{aggregate.Input}::DOUBLE)",
        AggregateFunction.NUnique => $"count(DISTINCT c{aggregate.Input})",
        AggregateFunction.Any => $"bool_or(c{aggregate.Input})",
        AggregateFunction.All => $"bool_and(c{aggregate.Input})",
        AggregateFunction.Quantile => $"quantile_cont(c{aggregate.Input}::DOUBLE, {aggregate.Parameter})",
        AggregateFunction.Median => $"quantile_cont(c{aggregate.Input}::DOUBLE, 0.5)",
        AggregateFunction.Sum => $"coalesce(sum(c{aggregate.Input}), 0::{(schema[aggregate.Input].Type.Kind == TypeKind.Decimal ? $"DECIMAL(38,{schema[aggregate.Input].Type.Scale})" : "HUGEINT")})",
        var function => $"{function}(c{aggregate.Input})",
    };

    static void AssertClose(object? expected, object? actual, string name)
    {
        // DuckDB's variance rounds at every row: of large values that differ little it keeps few digits. Ours is checked against ReferenceReduction.
        if (name.StartsWith("Std", StringComparison.Ordinal) || name.StartsWith("Var", StringComparison.Ordinal)) Assert.Equal(expected is null, actual is null);
        else if (expected is double a && actual is double b) Assert.True(Math.Abs(a - b) <= 1e-9 * Math.Abs(a), $"{name}: {b} instead of {a}");
        else Assert.Equal(expected, actual);
    }

    static IReadOnlyList<Column>? Outcome(Func<IReadOnlyList<Column>> reduce)
    {
        try
        {
            return reduce();
        }
        catch (AggregateOverflowException)
        {
            return null;
        }
    }

    static IReadOnlyList<Column> Reduce(Table table, int keys, IReadOnlyList<Aggregate> aggregates, int batch, bool coded) =>
        Output(Accumulated(table, keys, aggregates, batch, 0, table.Rows, coded));

    static IReadOnlyList<Column> Output(GroupReducer reducer) => Assert.Single(reducer.Finish());

    static GroupReducer Accumulated(Table table, int keys, IReadOnlyList<Aggregate> aggregates, int batch, int from, int to, bool coded)
    {
        var reducer = new GroupReducer(table.Schema, null, [.. Enumerable.Range(0, keys)], aggregates, []);
        for (; from < to; from += batch)
        {
            var rows = table.Batch(from, Math.Min(batch, to - from)) with { Position = from };
            reducer.Accumulate(coded ? rows with { Columns = [.. rows.Columns.Select(Tables.Code)] } : rows);
            if (to - from <= batch) break;
        }
        return reducer;
    }
}
