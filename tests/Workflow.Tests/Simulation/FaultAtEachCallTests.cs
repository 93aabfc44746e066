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

    [Theory]
    [InlineData(8, Way.BeforeEffect)]
    [InlineData(8, Way.LostReply)]
    [InlineData(8, Way.Torn)]
    [InlineData(8, Way.LongDelay)]
    [InlineData(64, Way.BeforeEffect)]
    [InlineData(64, Way.LostReply)]
    [InlineData(64, Way.Torn)]
    [InlineData(64, Way.LongDelay)]
    public void Run_CallFails_EndsWithTheExactResult(int partitions, Way way)
    {
        var scenario = new Scenario(partitions, 1, "parquet", Discovers: true, Parallel: 4, Retries: 3, Tolerated: 0);
        var calls = Expected.Of(scenario, 0, None).Calls;
        var stride = partitions > 8 && Soak.Cases(1) == 1 ? Stride : 1;
        var first = 1 + Random.Shared.Next(stride);
        TestContext.Current.TestOutputHelper!.WriteLine($"{calls} calls, every {stride}th from {first} on");
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
            Assert.Fail($"{way} of call {fatal} with {scenario.Partitions} partitions: {violation.Message}");
        }
        Assert.True(run.Ends[0].Status == RunStatus.Succeeded, $"{way} of call {fatal} with {scenario.Partitions} partitions: {run.Ends[0].Status} {run.Ends[0].Errors?[0]}");
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
            case Way.Torn when request.IsJournalPut:
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
