using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Spill;
using Fanfold.Engine.Tests.Reduce;

namespace Fanfold.Engine.Tests.Spill;

/// <summary>What is spilled and merged is what would have come of it in memory, bit for bit.</summary>
public class SpillTests
{
    static readonly Field Partition = new("part", DataType.String);
    static readonly Scalar Value = Scalar.String("p");

    /// <summary>Tables with some keys, the batches that they come in, and after which of them the reducer must give memory back.</summary>
    static readonly Gen<(Table Table, int Keys, int Batch, bool[] Pressure)> Cases =
        Gen.Select(Gen.Int[0, 3], Tables.AnyType.Array[5], Gen.Int[1, 300], Gen.Int[1, 60], Gen.Bool.Array[1, 20]).SelectMany(
            (keys, types, rows, batch, pressure) => Tables.WithTypes([.. types.Take(keys + 2)], rows).Select(table => (table, keys, batch, pressure)));

    [Fact]
    public void Groups_SpilledAtAnyMoment_GiveTheSameBits() => Gen.Select(Cases, Gen.Bool, Gen.Int[0, 400]).Sample((x, sorted, limit) =>
    {
        var aggregates = GroupReducerTests.AggregatesOf(x.Table.Schema, x.Keys);
        SortKey[] sort = sorted ? [new(1 + x.Keys, true), new(1 + x.Keys + aggregates.Count - 1, false)] : [];
        GroupReducer Create(SpillSpace? space) => new(x.Table.Schema, (Partition, Value), [.. Enumerable.Range(0, x.Keys)], aggregates, sort, limit, space?.Account, space);
        var expected = Outcome(() => Run(Create(null), x.Table, x.Batch, []));
        var scratch = new ScratchSpace(null, long.MaxValue);
        var space = Space(scratch);
        var actual = Outcome(() => Run(Create(space), x.Table, x.Batch, x.Pressure));
        Assert.Equal(expected is null, actual is null);
        if (expected is null) return;
        Tables.AssertSame(expected, actual!);
        Assert.Equal((0, 0), (space.Account.Held, scratch.Held));
    }, iter: Soak.Cases(150));

    [Fact]
    public void States_SpilledAndMerged_GiveTheSameBits() => Gen.Select(Cases, Gen.Int[1, 250]).Sample((x, cut) =>
    {
        var aggregates = GroupReducerTests.AggregatesOf(x.Table.Schema, x.Keys);
        GroupReducer Create(SpillSpace? space) => new(x.Table.Schema, null, [.. Enumerable.Range(0, x.Keys)], aggregates, [], long.MaxValue, space?.Account, space);
        var expected = Outcome(() => Run(Create(null), x.Table, x.Batch, []));
        var actual = Outcome(() =>
        {
            var whole = Create(Space(new ScratchSpace(null, long.MaxValue)));
            var pieces = new[] { (0, Math.Min(cut, x.Table.Rows)), (Math.Min(cut, x.Table.Rows), x.Table.Rows) };
            foreach (var (from, to) in pieces)
            {
                var piece = Create(Space(new ScratchSpace(null, long.MaxValue)));
                Accumulate(piece, x.Table, from, to, x.Batch, x.Pressure);
                foreach (var states in piece.States())
                {
                    whole.Merge(new RowBatch(states[0].Length, states));
                    if (x.Pressure[0]) Relieve(whole);
                }
            }
            return CollectedRows.Of(whole);
        });
        Assert.Equal(expected is null, actual is null);
        if (expected is not null) Tables.AssertSame(expected, actual!);
    }, iter: Soak.Cases(120));

    [Fact]
    public void Buckets_OfAnyNumber_HoldEveryGroupOnce() => Gen.Select(Cases.Where(x => x.Keys > 0), Gen.Int[2, 7]).Sample((x, buckets) =>
    {
        var aggregates = GroupReducerTests.AggregatesOf(x.Table.Schema, x.Keys);
        var keys = Enumerable.Range(0, x.Keys).ToArray();
        var expected = Outcome(() => Run(new GroupReducer(x.Table.Schema, null, keys, aggregates, []), x.Table, x.Batch, []));
        var actual = Outcome(() =>
        {
            var whole = new GroupReducer(x.Table.Schema, null, keys, aggregates, []);
            for (var bucket = 0; bucket < buckets; bucket++)
            {
                var piece = new GroupReducer(x.Table.Schema, null, keys, aggregates, [], piece: (bucket, buckets));
                Accumulate(piece, x.Table, 0, x.Table.Rows, x.Batch, []);
                foreach (var states in piece.States()) whole.Merge(new RowBatch(states[0].Length, states));
            }
            return CollectedRows.Of(whole);
        });
        Assert.Equal(expected is null, actual is null);
        if (expected is not null) Tables.AssertSame(expected, actual!);
    }, iter: Soak.Cases(200));

    [Fact]
    public void Rows_SortedAndSpilledAtAnyMoment_ComeInTheSameOrder() =>
        Gen.Select(Cases, Gen.Select(Gen.Int[0, 100], Gen.Bool).Array[1, 3], Gen.Int[0, 400]).Sample((x, terms, limit) =>
        {
            int[] select = [.. Enumerable.Range(0, x.Table.Columns.Length)];
            var sort = terms.Select(term => new SortKey(term.Item1 % (select.Length + 1), term.Item2)).ToArray();
            var scratch = new ScratchSpace(null, long.MaxValue);
            var space = Space(scratch);
            var expected = Run(new RowsReducer(x.Table.Schema, Partition, Value, select, sort, limit), x.Table, x.Batch, []);
            Tables.AssertSame(expected, Run(new RowsReducer(x.Table.Schema, Partition, Value, select, sort, limit, space.Account, space), x.Table, x.Batch, x.Pressure));
            Assert.Equal((0, 0), (space.Account.Held, scratch.Held));
        }, iter: Soak.Cases(120));

    /// <summary>Whether a group beyond the limit has a result must not show only when groups are spilled.</summary>
    [Theory]
    [InlineData(false, false, 0)]
    [InlineData(false, false, 1)]
    [InlineData(false, true, 0)]
    [InlineData(false, true, 1)]
    [InlineData(true, false, 0)]
    [InlineData(true, false, 1)]
    [InlineData(true, true, 0)]
    [InlineData(true, true, 1)]
    public void Limit_OverflowInAGroupBeyondIt_FailsWhateverTheMemory(bool isSorted, bool isSpilled, int limit)
    {
        var schema = new Schema([new("key", DataType.Int64), new("x", DataType.Int64)]);
        var space = isSpilled ? Space(new ScratchSpace(null, long.MaxValue)) : null;
        var reducer = new GroupReducer(schema, null, [0], [new Aggregate("total", AggregateFunction.Sum, 1)], isSorted ? [new(0, Descending: false)] : [], limit, space?.Account, space);
        var batch = new RowBatch(3, [Tables.Of(DataType.Int64, [Scalar.Int64(1), Scalar.Int64(2), Scalar.Int64(2)]), Tables.Of(DataType.Int64, [Scalar.Int64(1), Scalar.Int64(long.MaxValue), Scalar.Int64(1)])]);
        reducer.Accumulate(batch);
        if (isSpilled) Assert.True(reducer.Spill());
        Assert.Throws<AggregateOverflowException>(() => CollectedRows.Of(reducer));
    }

    [Theory]
    [InlineData(AggregateFunction.Len, -1, 0)]
    [InlineData(AggregateFunction.Sum, 3, 0, 1)]
    [InlineData(AggregateFunction.Max, 1, 0)]
    [InlineData(AggregateFunction.NUnique, 1, 2)]
    [InlineData(AggregateFunction.NUnique, 0)]
    [InlineData(AggregateFunction.NUnique, 3, 1)]
    [InlineData(AggregateFunction.Median, 3, 0)]
    [InlineData(AggregateFunction.Median, 3, 2)]
    public void Groups_ManyTimesTheMemory_StayInsideTheAccount(AggregateFunction function, int input, params int[] keys)
    {
        GroupReducer Create(SpillSpace? space) => new(ReducerMemoryTests.Schema, null, keys, [new Aggregate("a", function, input)], [], long.MaxValue, space?.Account, space);
        var scratch = new ScratchSpace(null, long.MaxValue);
        // The account itself refuses what would pass it.
        var space = new SpillSpace(scratch, new MemoryAccount(6 << 20));
        Tables.AssertSame(Fill(Create(null)), Fill(Create(space)));
        Assert.InRange(scratch.Peak, 4 << 20, long.MaxValue);
        Assert.Equal((0, 0), (space.Account.Held, scratch.Held));

        static Column[] Fill(GroupReducer reducer)
        {
            for (var batch = 0; batch < 100; batch++) reducer.Accumulate(ReducerMemoryTests.Batch(batch));
            return CollectedRows.Of(reducer);
        }
    }

    /// <summary>Few rows of texts, some of which are as long as hundreds of others.</summary>
    [Theory]
    [InlineData(AggregateFunction.Min)]
    [InlineData(AggregateFunction.Last)]
    [InlineData(AggregateFunction.NUnique)]
    public void Groups_OfTextsOfAnyLength_StayInsideTheAccount(AggregateFunction function)
    {
        var schema = new Schema([new("key", DataType.Int64), new("text", DataType.String)]);
        GroupReducer Create(SpillSpace? space) => new(schema, null, [0], [new Aggregate("a", function, 1)], [], long.MaxValue, space?.Account, space);
        var scratch = new ScratchSpace(null, long.MaxValue);
        var space = new SpillSpace(scratch, new MemoryAccount(6 << 20));
        Tables.AssertSame(Fill(Create(null)), Fill(Create(space)));
        Assert.InRange(scratch.Peak, 10 << 20, long.MaxValue);
        Assert.Equal((0, 0), (space.Account.Held, scratch.Held));

        Column[] Fill(GroupReducer reducer)
        {
            for (var batch = 0; batch < 600; batch++)
            {
                var (keys, texts) = (new Column<long>(DataType.Int64), new BytesColumn(DataType.String));
                for (var row = 0; row < 10; row++)
                {
                    keys.Append(batch * 7919 % 600 * 10 + row);
                    texts.Append(System.Text.Encoding.UTF8.GetBytes($"{batch * 10 + row}".PadRight(batch % 6 == 0 && row == 3 ? 200_000 : 300, 'x')));
                }
                reducer.Accumulate(new RowBatch(10, [keys, texts], batch * 10));
            }
            return CollectedRows.Of(reducer);
        }
    }

    [Fact]
    public void Spill_BeyondTheBudget_SaysWhatIsNeeded()
    {
        var scratch = new ScratchSpace(null, 1 << 20);
        var space = new SpillSpace(scratch, new MemoryAccount(4 << 20));
        var reducer = new GroupReducer(ReducerMemoryTests.Schema, null, [0], [new Aggregate("n", AggregateFunction.Len, -1)], [], long.MaxValue, space.Account, space);
        var full = Assert.Throws<ScratchFullException>(() =>
        {
            for (var batch = 0; batch < 100; batch++) reducer.Accumulate(ReducerMemoryTests.Batch(batch));
        });
        Assert.Contains("the budget is 1,048,576", full.Message, StringComparison.Ordinal);
        reducer.Release();
        Assert.Equal((0, 0), (space.Account.Held, scratch.Held));
    }

    [Fact]
    public void Create_FilesOfDeadAndLivingWorkers_RemovesThoseThatNoOneHolds()
    {
        var folder = Directory.CreateTempSubdirectory("fanfold-test-").FullName;
        try
        {
            var (dead, living) = (Path.Combine(folder, "fanfold-scratch-dead"), Path.Combine(folder, "fanfold-scratch-living"));
            File.WriteAllText(dead, "left behind");
            File.WriteAllText(living, "in use");
            foreach (var file in (string[])[dead, living]) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
            using (new FileStream(living, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            using (new ScratchSpace(folder, 1000).Create())
            {
                Assert.Equal(OperatingSystem.IsWindows() ? 2 : 1, Directory.GetFiles(folder).Length);
                Assert.False(File.Exists(dead));
                Assert.True(File.Exists(living));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Few runs at once, so that they are merged on the way too.</summary>
    static SpillSpace Space(ScratchSpace scratch) => new(scratch, new MemoryAccount(1L << 32)) { MostRuns = 4 };

    static Column[] Run(Reducer reducer, Table table, int batch, bool[] pressure)
    {
        var output = new CollectedRows(reducer);
        Accumulate(reducer, table, 0, table.Rows, batch, pressure);
        return output.Finish();
    }

    static void Accumulate(Reducer reducer, Table table, int from, int to, int batch, bool[] pressure)
    {
        for (var number = 0; from < to; from += batch, number++)
        {
            reducer.Accumulate(table.Batch(from, Math.Min(batch, to - from)) with { Position = from });
            if (pressure.Length > 0 && pressure[number % pressure.Length]) Relieve(reducer);
        }
    }

    // As a reader that needs memory does.
    static void Relieve(Reducer reducer) => reducer.Spill();

    static Column[]? Outcome(Func<Column[]> reduce)
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
}
