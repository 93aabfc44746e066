using System.Text.Json;
using Fanfold.LocalHost.Durable;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>
/// A run and its user, who starts it again when it stops before its end. The one place that puts the product's parts together as <c>LocalRun</c> does.
/// </summary>
/// <param name="script">How a task ends without its worker; null where it runs.</param>
/// <param name="deliversTwice">Asked for each activity.</param>
sealed class SimulatedRun(World world, string id, RunSpec spec, int parallel, Func<WorkerTask, TaskReceipt?> script, Func<bool>? deliversTwice = null)
{
    const int MaxDrivers = 60;

    int _epoch;
    int _after;

    /// <summary>What those who saw the run's last end were told.</summary>
    public List<RunSummary> Ends { get; } = [];

    /// <summary>Whether an earlier drive left a result.</summary>
    public bool HadResult { get; private set; }

    public int Redrives => _epoch;

    public string Id => id;

    public int Drivers { get; private set; }

    /// <summary>Drivers that are neither dead nor done.</summary>
    public int Living { get; private set; }

    /// <summary>How often a driver gave up because of what may pass.</summary>
    public int Stops { get; private set; }

    public int Duplicates { get; private set; }

    /// <summary>Starts another driver, which follows if one is there.</summary>
    public void Start(TimeSpan delay) => world.At(delay, () =>
    {
        if (++Drivers > MaxDrivers)
        {
            world.Violate($"the run '{id}' has not ended after {MaxDrivers} drivers");
            return;
        }
        var process = new SimulatedProcess(world, $"{id}{Drivers}");
        Living++;
        process.Died += Left;
        process.Start(() => SeeToItsEndAsync(process));
    });

    /// <summary>Redrives the run after its end.</summary>
    public void Redrive()
    {
        _epoch++;
        _after = RedriveOnRecord();
        HadResult |= Ends[0].Manifest is not null;
        Ends.Clear();
        Start(TimeSpan.Zero);
    }

    async Task SeeToItsEndAsync(SimulatedProcess process)
    {
        var epoch = _epoch;
        try
        {
            if (await DriveAsync(process) is RunStart.Finished finished)
            {
                // Who heard of an earlier end, and comes late with it, says nothing of this one.
                if (epoch == _epoch) Ends.Add(finished.Summary);
            }
            else world.Violate($"the run '{id}' is said to conflict with itself");
        }
        catch (Exception stopped) when (IsTyped(stopped))
        {
            Stops++;
        }
        catch (Exception untyped)
        {
            world.Violate($"a driver of '{id}' failed with {untyped}");
        }
        process.Exit();
        Left();
    }

    // What may pass. RunStateException is none: nothing that this world does may damage a run's state.
    static bool IsTyped(Exception stopped) => stopped is RunStoppedException or StorageException { Failure: StorageFailure.Unreachable or StorageFailure.Throttled or StorageFailure.Full };

    void Left()
    {
        if (--Living == 0 && Ends.Count == 0) Start(TimeSpan.FromSeconds(world.Dice.Next(20)));
    }

    async Task<RunStart> DriveAsync(SimulatedProcess process)
    {
        var driver = new RunDriver(process.Store, process.Time, (request, onProgress, token) =>
        {
            var activities = CreateActivities(process);
            var drive = new Drive(process.Store, (name, input, cancellation) => InvokeAsync(process, activities, name, input, cancellation), cancellation => activities.IsCancelledAsync(request.Paths, cancellation), process.Time, onProgress);
            return LocalEngine.RunAsync(drive, request, token);
        });
        if (_epoch == 0) return await driver.RunAsync(id, spec, fresh: false, static () => { }, static _ => { }, CancellationToken.None);
        // Whoever comes when the redrive has begun goes on with it.
        return new RunStart.Finished((await driver.GoOnAsync(id, redrives: RedriveOnRecord() == _after, static () => { }, static _ => { }, CancellationToken.None))!);
    }

    int RedriveOnRecord() => JsonSerializer.Deserialize(world.Store.Read(new RunPaths(id).Status)!.Value.Bytes, WorkflowJson.Default.RunRecord)!.Redrive;

    RunActivities CreateActivities(SimulatedProcess process) =>
        new(process.Store, process.Store, new StoreLocation("/data"), new StoreLocation("/state"), new SimulatedIsolation(process, script), process.Time, new HostCapacity(parallel) { WorkersOutlive = TimeSpan.FromSeconds(5) }, process.Name);

    async Task<JsonElement> InvokeAsync(SimulatedProcess process, RunActivities activities, string name, JsonElement input, CancellationToken cancellationToken)
    {
        if (deliversTwice?.Invoke() != true) return await activities.InvokeAsync(name, input, cancellationToken);
        Duplicates++;
        world.Note('!', process.Name, "delivers twice", name);
        switch (world.Dice.Next(4))
        {
            case 0:
                await activities.InvokeAsync(name, input, cancellationToken);
                break;
            case 1:
                var both = await Task.WhenAll(activities.InvokeAsync(name, input, cancellationToken), activities.InvokeAsync(name, input, cancellationToken));
                return both[world.Dice.Next(2)];
            default:
                DeliverElsewhere(process, name, input, TimeSpan.FromSeconds(world.Dice.Next(3) * world.Dice.Next(20)));
                break;
        }
        return await activities.InvokeAsync(name, input, cancellationToken);
    }

    /// <summary>Another process gets the activity too, maybe long after it was done.</summary>
    void DeliverElsewhere(SimulatedProcess process, string name, JsonElement input, TimeSpan delay) => world.At(delay, () =>
    {
        var other = new SimulatedProcess(world, process.Name + "'");
        other.Start(async () =>
        {
            try
            {
                await CreateActivities(other).InvokeAsync(name, input, CancellationToken.None);
            }
            catch (Exception stopped) when (IsTyped(stopped))
            {
            }
            catch (Exception untyped)
            {
                world.Violate($"{name} of '{id}', delivered again, failed with {untyped}");
            }
            other.Exit();
        });
    });
}
