using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Reduce.Plugins;
using PluginReducer;

namespace Fanfold.Engine.Tests.Reduce.Plugins;

/// <summary>The contract between a scan and a plug-in, and the sample that users copy.</summary>
public class PluginReducerTests
{
    static readonly Field Partition = new("part", DataType.String);

    static readonly Scalar Value = Scalar.String("p");

    static Reducer Start<TState>(IReducer<TState> plugin, Schema schema, IReadOnlyList<SortKey>? sort = null, long limit = long.MaxValue, MemoryAccount? memory = null)
    {
        var reducers = new ReducerSet { plugin };
        return reducers.Single().Start(schema, [.. Enumerable.Range(0, schema.Count)], (Partition, Value), sort ?? [], limit, memory ?? new MemoryAccount(long.MaxValue));
    }

    static List<string> Rows(Reducer reducer) =>
        [.. reducer.Finish().SelectMany(group => Enumerable.Range(0, group[0].Length).Select(row => string.Join('|', group.Select(column => column[row].ToString()))))];

    [Fact]
    public void Sessions_AnyCutOrderAndCoding_GivesTheSessionsOfAllTrips()
    {
        var schema = new Schema([new Field("vehicle", DataType.Int32), new Field("pickup", DataType.Timestamp(TimeUnit.Millis))]);
        // Minutes, so that pauses of exactly half an hour come up.
        var trip = Gen.Select(Gen.Int[-2, 3], Gen.Int[0, 600], Gen.Int[0, 20]);
        Gen.Select(trip.Array[0, 200], Gen.Int[1, 50].Array[1, 30], Gen.Bool.Array[30], Gen.Bool).Sample((trips, cuts, ends, coded) =>
        {
            var reducer = Start(new SessionsReducer(), schema);
            int next = 0, cut = 0;
            while (next < trips.Length)
            {
                var rows = Math.Min(cuts[cut % cuts.Length], trips.Length - next);
                reducer.Accumulate(Batch(trips.AsSpan(next, rows), coded));
                if (ends[cut++ % ends.Length]) reducer.EndRowGroup();
                next += rows;
            }
            Assert.Equal(Expected(trips), Rows(reducer));
        }, iter: Soak.Cases(400));

        RowBatch Batch(ReadOnlySpan<(int Vehicle, int Minute, int Null)> trips, bool coded)
        {
            var (vehicles, pickups) = (new Column<int>(schema[0].Type), new Column<long>(schema[1].Type));
            foreach (var (vehicle, minute, isNull) in trips)
            {
                if (isNull == 0) vehicles.AppendNull();
                else vehicles.Append(vehicle);
                if (isNull == 1) pickups.AppendNull();
                else pickups.Append(minute * 60_000L);
            }
            return new RowBatch(trips.Length, coded ? [Tables.Code(vehicles), Tables.Code(pickups)] : [vehicles, pickups]);
        }

        // One pass over the sorted trips: the definition.
        static List<string> Expected((int Vehicle, int Minute, int Null)[] trips)
        {
            var rows = new List<string>();
            foreach (var vehicle in trips.Where(trip => trip.Null > 1).GroupBy(trip => trip.Vehicle).OrderBy(group => group.Key))
            {
                var minutes = vehicle.Select(trip => trip.Minute).Order().ToList();
                for (int from = 0, i = 1; i <= minutes.Count; i++)
                {
                    if (i < minutes.Count && minutes[i] - minutes[i - 1] <= 30) continue;
                    rows.Add($"p|{vehicle.Key}|{Text(minutes[from])}|{Text(minutes[i - 1])}|{i - from}");
                    from = i;
                }
            }
            return rows;
        }

        static string Text(int minute) => Scalar.Integer(DataType.Timestamp(TimeUnit.Millis), minute * 60_000L).ToString();
    }

    [Fact]
    public void Accumulate_EveryFormOfEveryTypeItAccepts_GivesTheValues() =>
        Gen.Select(Gen.Select(Tables.AnyType, Gen.Int[1, 100]).SelectMany(shape => Tables.WithTypes([shape.Item1], shape.Item2)), Gen.Int[0, 9], Gen.Bool).Sample((table, form, coded) =>
        {
            var input = new ReducerInput("c", (InputForm)form);
            if (!input.Accepts(table.Schema[0].Type)) return;
            var batch = table.Batch(0, table.Rows);
            var echo = new Echo(input);
            var reducer = Start(echo, table.Schema);
            reducer.Accumulate(coded ? new RowBatch(batch.Rows, [Tables.Code(batch.Columns[0])]) : batch);

            Assert.Equal(Enumerable.Range(0, table.Rows).Select(row => Plain(input.Form, table.Columns[0][row])), echo.Seen);
        }, iter: Soak.Cases(2000));

    static object? Plain(InputForm form, Scalar value) => value.IsNull ? null : form switch
    {
        InputForm.Text or InputForm.Binary => Convert.ToHexString(value.BytesValue),
        InputForm.Double => value.Type.IsFloating ? value.FloatingValue : (double)value.IntegerValue,
        _ => value.IntegerValue,
    };

    [Fact]
    public void Finish_SortAndLimit_ApplyOverTheOutput()
    {
        var reducer = Start(new Writes((output, _) =>
        {
            foreach (var value in (long[])[3, 1, 2, 5, 4]) output.Append(0, value);
        }), OneColumn, [new SortKey(1, true)], limit: 3);
        reducer.Accumulate(OneRow);

        Assert.Equal(["p|5", "p|4", "p|3"], Rows(reducer));
    }

    [Fact]
    public void Finish_NoRows_WritesNothing()
    {
        var reducer = Start(new Writes((output, _) => output.Append(0, 1)), OneColumn);
        reducer.EndRowGroup();

        Assert.Empty(reducer.Finish());
    }

    [Fact]
    public void Finish_MoreRowsThanARowGroup_GivesThemAllInOrder()
    {
        var reducer = Start(new Writes((output, _) =>
        {
            for (var i = 0; i < 100_000; i++) output.Append(0, i);
        }), OneColumn);
        reducer.Accumulate(OneRow);

        Assert.Equal(Enumerable.Range(0, 100_000).Select(i => $"p|{i}"), Rows(reducer));
    }

    [Theory]
    [InlineData("int8", "128")]
    [InlineData("uint32", "-1")]
    [InlineData("uint64", "18446744073709551616")]
    [InlineData("decimal(3,1)", "1000")]
    [InlineData("date", "2147483648")]
    [InlineData("time(ms)", "86400000")]
    [InlineData("timestamp(us)", "9223372036854775808")]
    [InlineData("string", "1")]
    [InlineData("double", "1")]
    [InlineData("bool", "1")]
    public void Append_ValueThatDoesNotFit_NamesPluginColumnAndType(string type, string value)
    {
        var reducer = Start(new Writes((output, _) => output.Append(0, Int128.Parse(value, System.Globalization.CultureInfo.InvariantCulture)), DataType.Parse(type)), OneColumn);
        reducer.Accumulate(OneRow);

        var refused = Assert.Throws<PluginException>(() => Rows(reducer));
        Assert.Equal("plugin-output", refused.Code);
        Assert.Contains("'writes' 7", refused.Message, StringComparison.Ordinal);
        Assert.Contains(type, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_TextThatIsNoUtf8_IsRefused()
    {
        var reducer = Start(new Writes((output, _) => output.Append(0, [0xC3, 0x28]), DataType.String), OneColumn);
        reducer.Accumulate(OneRow);

        Assert.Equal("plugin-output", Assert.Throws<PluginException>(() => Rows(reducer)).Code);
    }

    [Fact]
    public void Finish_OutputBeyondTheAccount_IsMemory()
    {
        var reducer = Start(new Writes((output, _) =>
        {
            while (true) output.Append(0, 1);
        }), OneColumn, memory: new MemoryAccount(1 << 20));
        reducer.Accumulate(OneRow);

        Assert.Throws<MemoryExceededException>(() => Rows(reducer));
    }

    [Fact]
    public void Accumulate_AColumnReadInAnotherForm_IsThePluginsFault()
    {
        var reducer = Start(new Writes((_, _) => { }) { OnBatch = batch => batch.Doubles(0) }, OneColumn);

        var failed = Assert.Throws<PluginException>(() => reducer.Accumulate(OneRow));
        Assert.Equal("plugin-failed", failed.Code);
        Assert.Contains("'id' is declared as Int64 and read as Double", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_TwoOfOneName_IsRefused() => Assert.Throws<ArgumentException>(() => new ReducerSet { new SessionsReducer(), new SessionsReducer() });

    static Schema OneColumn { get; } = new([new Field("id", DataType.Int64)]);

    static RowBatch OneRow
    {
        get
        {
            var column = new Column<long>(DataType.Int64);
            column.Append(1);
            return new RowBatch(1, [column]);
        }
    }

    delegate void OnBatch(InputBatch batch);

    sealed class Writes(Action<ReducerOutput, int> write, DataType? type = null) : IReducer<int>
    {
        public OnBatch? OnBatch { get; init; }
        public string Name => "writes";
        public string Version => "7";
        public IReadOnlyList<ReducerInput> Inputs => [new("id", InputForm.Int64)];
        public IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) => [new("out", type ?? DataType.Int64)];
        public int Create(ReducerContext context) => 0;
        public void Accumulate(ref int state, InputBatch batch) => OnBatch?.Invoke(batch);
        public void Merge(ref int state, int later) => state += later;
        public void Finish(int state, ReducerOutput output) => write(output, state);
    }

    /// <summary>Keeps what it is shown.</summary>
    sealed class Echo(ReducerInput input) : IReducer<int>
    {
        public List<object?> Seen { get; } = [];
        public string Name => "echo";
        public IReadOnlyList<ReducerInput> Inputs => [input];
        public IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) => [new("n", DataType.Int64)];
        public int Create(ReducerContext context) => 0;

        public void Accumulate(ref int state, InputBatch batch)
        {
            for (var row = 0; row < batch.Rows; row++)
            {
                var isNull = batch.IsNull(0, row);
                Assert.Equal(isNull, batch.HasNulls(0) && !Bitmap.Get(batch.Validity(0), row));
                var value = At(batch, row);
                Assert.True(!isNull || value is "" or 0.0 || value is Int128 integer && integer == 0);
                if (input.Form is InputForm.Text or InputForm.Binary && batch.TryGetCodes(0, out var codes, out var dictionary) && !isNull) Assert.Equal(value, Convert.ToHexString(dictionary[codes[row]]));
                Seen.Add(isNull ? null : value);
            }
        }

        object At(InputBatch batch, int row) => input.Form switch
        {
            InputForm.Bool => (Int128)(batch.Bools(0)[row] ? 1 : 0),
            InputForm.Int64 => (Int128)batch.Int64s(0)[row],
            InputForm.UInt64 => (Int128)batch.UInt64s(0)[row],
            InputForm.Double => batch.Doubles(0)[row],
            InputForm.Decimal => batch.Decimals(0)[row],
            InputForm.Date => (Int128)batch.Dates(0)[row],
            InputForm.Time or InputForm.Timestamp => (Int128)batch.Ticks(0)[row],
            _ => Convert.ToHexString(batch.Bytes(0)[row]),
        };

        public void Merge(ref int state, int later)
        {
        }

        public void Finish(int state, ReducerOutput output) => output.Append(0, 0);
    }
}
