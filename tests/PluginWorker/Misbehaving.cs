using System.Globalization;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce.Plugins;

namespace Fanfold.PluginWorker;

/// <summary>Counts rows. The environment says which version it is, and of which partition, in data where ff is id % 4, it never comes to an end.</summary>
class Counts : IReducer<long>
{
    static readonly string? HangsAt = Environment.GetEnvironmentVariable("FANFOLD_COUNTS_HANGS_AT");

    public virtual string Name => "counts";

    public string Version => Environment.GetEnvironmentVariable("FANFOLD_COUNTS_VERSION") ?? "1";

    public virtual IReadOnlyList<ReducerInput> Inputs => [new("id", InputForm.Int64)];

    public virtual IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) => [new("n", DataType.Int64)];

    public virtual long Create(ReducerContext context) => 0;

    public virtual void Accumulate(ref long state, InputBatch batch)
    {
        if (HangsAt is not null && batch.Int64s(0)[0] % 4 == long.Parse(HangsAt, CultureInfo.InvariantCulture)) Thread.Sleep(Timeout.Infinite);
        state += batch.Rows;
    }

    public virtual void Merge(ref long state, long later) => state += later;

    public virtual void Finish(long state, ReducerOutput output) => output.Append(0, state);
}

sealed class Throws : Counts
{
    public override string Name => "throws";

    public override void Merge(ref long state, long later) => throw new InvalidTimeZoneException("no such place: " + new string('x', 100_000));
}

sealed class Hangs : Counts
{
    public override string Name => "hangs";

    public override void Accumulate(ref long state, InputBatch batch) => Thread.Sleep(Timeout.Infinite);
}

sealed class WritesWrong : Counts
{
    public override string Name => "writes-wrong";

    public override void Finish(long state, ReducerOutput output) => output.Append(0, "many");
}

sealed class WritesUnequal : Counts
{
    public override string Name => "writes-unequal";

    public override IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) => [new("n", DataType.Int64), new("m", DataType.Int64)];
}

sealed class WritesThePartition : Counts
{
    public override string Name => "writes-the-partition";

    public override IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) => [new("ff", DataType.Int64)];
}

sealed class WritesNothing : Counts
{
    public override string Name => "writes-nothing";

    public override IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) => [];
}

/// <summary>Charges what it does not have.</summary>
sealed class Leaks : IReducer<ReducerContext>
{
    public string Name => "leaks";

    public IReadOnlyList<ReducerInput> Inputs => [new("id", InputForm.Int64)];

    public IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) => [new("n", DataType.Int64)];

    public ReducerContext Create(ReducerContext context) => context;

    public void Accumulate(ref ReducerContext state, InputBatch batch) => state.Memory.Charge(state.Memory.Limit);

    public void Merge(ref ReducerContext state, ReducerContext later)
    {
    }

    public void Finish(ReducerContext state, ReducerOutput output) => output.Append(0, 0);
}

/// <summary>Takes memory without end, and charges none of it.</summary>
sealed class LeaksArrays : Counts
{
    readonly List<byte[]> _held = [];

    public override string Name => "leaks-arrays";

    public override void Accumulate(ref long state, InputBatch batch)
    {
        while (true)
        {
            var array = new byte[1 << 20];
            Array.Fill(array, (byte)1);
            _held.Add(array);
        }
    }
}

sealed class LeaksObjects : Counts
{
    readonly LinkedList<string> _held = new();

    public override string Name => "leaks-objects";

    public override void Accumulate(ref long state, InputBatch batch)
    {
        while (true) _held.AddLast(new string('x', 50));
    }
}

/// <summary>As a library outside of the runtime would.</summary>
sealed class LeaksNatively : Counts
{
    const int Bytes = 1 << 20;

    public override string Name => "leaks-natively";

    public override unsafe void Accumulate(ref long state, InputBatch batch)
    {
        while (true) NativeMemory.Fill(NativeMemory.Alloc(Bytes), Bytes, 1);
    }
}

/// <summary>Prints what could be taken for the worker's own words.</summary>
sealed class Prints : Counts
{
    public override string Name => "prints";

    public override void Accumulate(ref long state, InputBatch batch)
    {
        Console.WriteLine("{ not a receipt");
        if (Console.ReadLine() is null) base.Accumulate(ref state, batch);
    }
}
