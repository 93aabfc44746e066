using System.Numerics;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Tests.Parquet;

namespace Fanfold.Engine.Tests.Reduce;

public class GroupReducerTests
{
    /// <summary>Tables whose first one to three columns are keys.</summary>
    static readonly Gen<(Table Table, int Keys, int Batch)> Cases =
        Gen.Select(Gen.Int[1, 3], Tables.AnyType.Array[5], Gen.Int[1, 300], Gen.Int[1, 100]).SelectMany(
            (keys, types, rows, batch) => Tables.WithTypes(types, rows).Select(table => (table, keys, batch)));

    [Fact]
    public void Reduce_AnyTable_EqualsTheObviousReduction() => Cases.Sample(x =>
    {
        var aggregates = AggregatesOf(x.Table.Schema, x.Keys);
        if (Outcome(() => Reduce(x.Table, x.Keys, aggregates, x.Batch, coded: false)) is not { } actual) return;
        var expected = Expected(x.Table, x.Keys, aggregates);
        Assert.Equal(expected.Count, actual[0].Length);
        for (var row = 0; row < expected.Count; row++)
        {
            for (var i = 0; i < actual.Count; i++)
            {
                if (Scalar.Compare(expected[row][i], actual[i][row]) != 0) Assert.Fail($"row {row}, output {i}: {actual[i][row]} instead of {expected[row][i]}");
            }
        }
    }, iter: Soak.Cases(400));

    [Fact]
    public void Reduce_AnyBatchesCodesAndCuts_GivesTheSameBits() => Gen.Select(Cases, Gen.Int[0, 300]).Sample((x, cutAt) =>
    {
        var aggregates = AggregatesOf(x.Table.Schema, x.Keys);
        var whole = Outcome(() => Reduce(x.Table, x.Keys, aggregates, int.MaxValue, coded: false));
        var batches = Outcome(() => Reduce(x.Table, x.Keys, aggregates, x.Batch, coded: true));
        var merged = Outcome(() =>
        {
            var cut = Math.Min(cutAt, x.Table.Rows);
            var first = Accumulated(x.Table, x.Keys, aggregates, x.Batch, 0, cut, coded: true);
            foreach (var states in Accumulated(x.Table, x.Keys, aggregates, 7, cut, x.Table.Rows, coded: false).States()) first.Merge(states);
            return Output(first);
        });
        Assert.Equal(whole is null, batches is null);
        Assert.Equal(whole is null, merged is null);
        if (whole is null) return;
        Tables.AssertSame(whole, batches!);
        Tables.AssertSame(whole, merged!);
    }, iter: Soak.Cases(400));

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
        Aggregate[] aggregates = [new("n", AggregateFunction.Len, -1), new("least", AggregateFunction.Min, 4)];
        SortKey[] sort = [new(x.Keys, descending[0]), new(x.Keys + 1, descending[1])];
        var reducer = new GroupReducer(x.Table.Schema, null, [.. Enumerable.Range(0, x.Keys)], aggregates, sort, limit);
        reducer.Accumulate(x.Table.Batch(0, x.Table.Rows));
        var unsorted = Expected(x.Table, x.Keys, aggregates);
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

    internal static int CompareNullsLast(Scalar left, Scalar right, bool descending) =>
        left.IsNull || right.IsNull ? left.IsNull.CompareTo(right.IsNull) : descending ? Scalar.Compare(right, left) : Scalar.Compare(left, right);

    static readonly Int128 MaxDecimal = (Int128)(BigInteger.Pow(10, 38) - 1);

    static Int128 Sum(DataType type, IEnumerable<Int128> values)
    {
        var column = Tables.Of(type, values.Select(value => Scalar.Integer(type, value)));
        var table = new Table(new Schema([new Field("x", type)]), [column]);
        return Output(Accumulated(table, 0, [new Aggregate("total", AggregateFunction.Sum, 0)], 1, 0, table.Rows, coded: false))[0][0].IntegerValue;
    }

    static List<Aggregate> AggregatesOf(Schema schema, int firstValue)
    {
        var aggregates = new List<Aggregate> { new("n", AggregateFunction.Len, -1) };
        for (var i = firstValue; i < schema.Count; i++)
        {
            foreach (var function in (AggregateFunction[])[AggregateFunction.Count, AggregateFunction.Sum, AggregateFunction.Mean, AggregateFunction.Min, AggregateFunction.Max])
            {
                if (Aggregate.ResultType(function, schema[i].Type) is not null) aggregates.Add(new Aggregate($"{function}_{i}", function, i));
            }
        }
        return aggregates;
    }

    static string Sql(Aggregate aggregate, Schema schema) => aggregate.Function switch
    {
        AggregateFunction.Len => "count(*)",
        AggregateFunction.Mean => $"avg(c{aggregate.Input})",
        AggregateFunction.Sum => $"coalesce(sum(c{aggregate.Input}), 0::{(schema[aggregate.Input].Type.Kind == TypeKind.Decimal ? $"DECIMAL(38,{schema[aggregate.Input].Type.Scale})" : "HUGEINT")})",
        var function => $"{function}(c{aggregate.Input})",
    };

    static void AssertClose(object? expected, object? actual, string name)
    {
        if (expected is double a && actual is double b) Assert.True(Math.Abs(a - b) <= 1e-12 * Math.Abs(a), $"{name}: {b} instead of {a}");
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

    /// <summary>The reduction by LINQ, with sums in big integers; floating sums by <see cref="ExactSums"/>, which has its own reference.</summary>
    static List<Scalar[]> Expected(Table table, int keys, IReadOnlyList<Aggregate> aggregates) =>
    [
        .. Enumerable.Range(0, table.Rows)
            .GroupBy(row => new Key([.. table.Columns.Take(keys).Select(column => column[row])]))
            .OrderBy(group => group.Key)
            .Select(group => group.Key.Values.Concat(aggregates.Select(aggregate => Expected(aggregate, table, [.. group]))).ToArray()),
    ];

    static Scalar Expected(Aggregate aggregate, Table table, List<int> rows)
    {
        if (aggregate.Input < 0) return Scalar.Int64(rows.Count);
        var input = table.Schema[aggregate.Input].Type;
        var type = Aggregate.ResultType(aggregate.Function, input)!.Value;
        var values = rows.Select(row => table.Columns[aggregate.Input][row]).Where(value => !value.IsNull).ToList();
        if (aggregate.Function == AggregateFunction.Count) return Scalar.Int64(values.Count);
        if (aggregate.Function is AggregateFunction.Min or AggregateFunction.Max)
        {
            var comparable = values.Any(value => !value.IsNaN) ? values.Where(value => !value.IsNaN).ToList() : values;
            comparable.Sort((left, right) => Scalar.Compare(left, right));
            return comparable.Count == 0 ? Scalar.Null(type) : comparable[aggregate.Function == AggregateFunction.Min ? 0 : ^1];
        }
        if (aggregate.Function == AggregateFunction.Mean && values.Count == 0) return Scalar.Null(type);
        if (input.IsFloating)
        {
            var sums = new ExactSums(new StateMemory());
            sums.Resize(1);
            foreach (var value in values) sums.Add(0, value.FloatingValue);
            return Scalar.Double(aggregate.Function == AggregateFunction.Sum ? sums.Round(0) : sums.Round(0) / values.Count);
        }
        var sum = values.Aggregate(BigInteger.Zero, (total, value) => total + value.IntegerValue);
        return aggregate.Function == AggregateFunction.Sum
            ? Scalar.Integer(type, (Int128)sum)
            : Scalar.Double((double)(Int128)sum / values.Count / Math.Pow(10, input.Scale));
    }

    readonly record struct Key(Scalar[] Values) : IComparable<Key>
    {
        public bool Equals(Key other) => Values.AsSpan().SequenceEqual(other.Values);

        public override int GetHashCode() => Values.Aggregate(0, (hash, value) => HashCode.Combine(hash, value.IsNaN ? 0 : value.GetHashCode()));

        public int CompareTo(Key other)
        {
            for (var i = 0; i < Values.Length; i++)
            {
                var compared = Scalar.Compare(Values[i], other.Values[i]);
                if (compared != 0) return compared;
            }
            return 0;
        }
    }
}
