using Fanfold.Engine.Tests;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>One fault at the k-th call of the store, for every k of an undisturbed run. Whatever it is, the run ends with the exact result.</summary>
public class FaultAtEachCallTests
{
    /// <summary>The short form looks at every so many calls of a large run, from anywhere on.</summary>
    const int Stride = 11;

    public enum Way
    {
        BeforeEffect,
        LostReply,
        Torn,
        LongDelay,
    }

    static readonly IReadOnlySet<int> None = new HashSet<int>();

    /// <param name="format">As <see cref="Scenario"/> has it, or "shared" for a shared scan.</param>
    /// <param name="hungry">A partition whose task must be split; -1 for none.</param>
    [Theory]
    [InlineData(8, Way.BeforeEffect, "parquet", -1)]
    [InlineData(8, Way.LostReply, "parquet", -1)]
    [InlineData(8, Way.Torn, "parquet", -1)]
    [InlineData(8, Way.LongDelay, "parquet", -1)]
    [InlineData(64, Way.BeforeEffect, "parquet", -1)]
    [InlineData(64, Way.LostReply, "parquet", -1)]
    [InlineData(64, Way.Torn, "parquet", -1)]
    [InlineData(64, Way.LongDelay, "parquet", -1)]
    [InlineData(3, Way.BeforeEffect, "hive", 1)]
    [InlineData(3, Way.LostReply, "hive", 1)]
    [InlineData(3, Way.Torn, "hive", 1)]
    [InlineData(3, Way.LongDelay, "hive", 1)]
    [InlineData(2, Way.BeforeEffect, "csv", -1)]
    [InlineData(2, Way.LostReply, "csv", -1)]
    [InlineData(2, Way.Torn, "csv", -1)]
    [InlineData(2, Way.LongDelay, "csv", -1)]
    [InlineData(3, Way.BeforeEffect, "shared", 0)]
    [InlineData(3, Way.LostReply, "shared", 0)]
    [InlineData(3, Way.Torn, "shared", 0)]
    [InlineData(3, Way.LongDelay, "shared", 0)]
    public void Run_CallFails_EndsWithTheExactResult(int partitions, Way way, string format, int hungry)
    {
        var scenario = new Scenario(partitions, hungry < 0 ? 1 : 2, format == "shared" ? "parquet" : format, Discovers: hungry < 0, Parallel: format == "shared" ? 2 : 4, Retries: 3, Tolerated: 0, Hungry: hungry < 0 ? null : hungry, Shared: format == "shared");
        var calls = Expected.Of(scenario, 0, None).Calls;
        var stride = partitions > 8 && Soak.Cases(1) == 1 ? Stride : 1;
        var seed = Seeds.Given ?? Random.Shared.Next();
        var first = 1 + seed % stride;
        TestContext.Current.TestOutputHelper!.WriteLine($"FANFOLD_SEED={seed}: {calls} calls, every {stride}th from {first} on");
        var faults = 0;

        Parallel.For(0, (calls - first) / stride + 1, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            if (Run(scenario, way, first + i * stride)) Interlocked.Increment(ref faults);
        });

        Assert.Equal((calls - first) / stride + 1, faults);
    }

    /// <summary>Whether the run made so many calls.</summary>
    static bool Run(Scenario scenario, Way way, int fatal)
    {
        var world = new World(0);
        var oracle = new Oracle(world, scenario, scenario.PutData(world.Store, 0));
        var run = new SimulatedRun(world, "run", scenario.Spec(), scenario.Parallel, task => scenario.Script(task, None));
        var dice = new Random(fatal);
        var met = false;
        world.OnCall = request =>
        {
            if (request.Ordinal != fatal) return;
            met = true;
            Disturb(world, run, request, way, dice);
        };
        run.Start(TimeSpan.Zero);
        try
        {
            world.Run();
            oracle.Judge(run, static _ => false);
            world.Check();
        }
        catch (ViolationException violation)
        {
            Assert.Fail($"{way} of call {fatal} of {scenario}: {violation.Message}");
        }
        Assert.True(run.Ends[0].Status == RunStatus.Succeeded, $"{way} of call {fatal} of {scenario}: {run.Ends[0].Status} {run.Ends[0].Errors?[0]}");
        return met;
    }

    static void Disturb(World world, SimulatedRun run, StoreRequest request, Way way, Random dice)
    {
        var driver = request.Process.Parent ?? request.Process;
        switch (way)
        {
            case Way.BeforeEffect:
                request.Fault = Fault.BeforeEffect;
                break;
            case Way.LostReply:
                request.Fault = Fault.LostReply;
                break;
            case Way.Torn when request.MayBeTorn:
                PowerCut.At(world, request, dice);
                break;
            case Way.Torn:
                request.Fault = Fault.Torn;
                // What writes dies in the middle; what reads sees the end of the connection.
                if (request.Operation is not (StoreOperation.Put or StoreOperation.Delete)) break;
                request.Fault = Fault.Vanish;
                driver.Die();
                break;
            default:
                // Another takes over and ends the run; then the call takes effect, and its driver goes on until it learns what happened.
                request.Hold = TimeSpan.FromMinutes(5);
                driver.LoseLeases(told: TimeSpan.FromMinutes(6));
                run.Start(TimeSpan.FromSeconds(1));
                break;
        }
    }
}
