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
/// <param name="byEngine">Whether an engine drives the run that has one execution of it at a time, by whichever process, as Durable does.</param>
sealed class SimulatedRun(World world, string id, RunSpec spec, int parallel, Func<WorkerTask, TaskReceipt?> script, Func<bool>? deliversTwice = null, bool byEngine = false)
{
    const int MaxDrivers = 200;

    int _epoch;

    // The drive on record that the last redrive was asked for; none is once that record is purged, and the run that has its id then is nobody's to redrive.
    int? _after;

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

    /// <summary>How often the run's record was removed. Whoever starts it then starts it anew.</summary>
    public int Purges { get; private set; }

    /// <summary>Whether a purge that has lost its lease may delete on below the run; null when there was no purge.</summary>
    public Func<bool>? MayBeDamaged { get; set; }

    public bool IsThere => world.Store.Read(new RunPaths(id).Status) is not null;

    /// <param name="hasResult">Whether a result of it is visible.</param>
    public void IsPurged(bool hasResult)
    {
        Purges++;
        HadResult |= hasResult;
        _after = null;
        Ends.Clear();
        if (Living == 0) Start(TimeSpan.Zero);
    }

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
    /// <param name="onRecord">Whether the redrive is put on record first, as a served host does it.</param>
    public void Redrive(bool onRecord)
    {
        _after = RedriveOnRecord();
        if (!onRecord && !byEngine)
        {
            Begin();
            return;
        }
        var process = new SimulatedProcess(world, $"{id}-redrive") { IsSpared = true };
        process.Start(async () =>
        {
            while (!await TryAsync(async () =>
            {
                if (await RunRedrive.BeginAsync(process.Store, id, process.Time, CancellationToken.None) is null && Purges == 0) world.Violate($"the run '{id}' is gone when it is redriven");
            })) ;
            process.Exit();
            Begin();
        });

        void Begin()
        {
            _epoch++;
            HadResult |= Ends is [{ Manifest: not null }, ..];
            Ends.Clear();
            Start(TimeSpan.Zero);
        }
    }

    async Task<bool> TryAsync(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception stopped) when (IsTyped(stopped))
        {
            return false;
        }
    }

    async Task SeeToItsEndAsync(SimulatedProcess process)
    {
        var (epoch, purges) = (_epoch, Purges);
        try
        {
            if (await DriveAsync(process) is RunStart.Finished finished)
            {
                // Who heard of an earlier end, and comes late with it, says nothing of this one.
                if (epoch == _epoch && purges == Purges) Ends.Add(finished.Summary);
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

    // What may pass. RunStateException is none: nothing that this world does may damage a run's state, unless a purge that lost its lease takes it away, or a driver that did goes on with what was purged.
    bool IsTyped(Exception stopped) => MayBeDamaged?.Invoke() == true && stopped is RunStateException { IsCorrupt: true } or StorageException { Failure: StorageFailure.Changed } || stopped is RunStoppedException or StorageException { Failure: StorageFailure.Unreachable or StorageFailure.Throttled or StorageFailure.Full };

    void Left()
    {
        if (--Living == 0 && Ends.Count == 0) Start(TimeSpan.FromSeconds(world.Dice.Next(20)));
    }

    async Task<RunStart> DriveAsync(SimulatedProcess process)
    {
        if (byEngine) return await DriveByEngineAsync(process);
        var driver = new RunDriver(process.Store, process.Time, (request, onProgress, token) =>
        {
            var activities = CreateActivities(process);
            var drive = new Drive(process.Store, (name, input, cancellation) => InvokeAsync(process, activities, name, input, cancellation), cancellation => activities.IsCancelledAsync(request.Paths, cancellation), process.Time, onProgress);
            return LocalEngine.RunAsync(drive, request, token);
        });
        // Whoever comes when the redrive has begun goes on with it.
        if (_epoch > 0 && IsThere && await driver.GoOnAsync(id, redrives: RedriveOnRecord() == _after, static () => { }, static _ => { }, CancellationToken.None) is { } summary) return new RunStart.Finished(summary);
        return await driver.RunAsync(id, spec, fresh: false, static () => { }, static _ => { }, CancellationToken.None);
    }

    /// <summary>Follows the run until it has ended, and is its execution while no other process is. The record tells which drive it is.</summary>
    async Task<RunStart> DriveByEngineAsync(SimulatedProcess process)
    {
        if (_epoch == 0) await RunStarter.StartAsync(process.Store, id, spec, fresh: false, RunOrigin.Command, process.Time, CancellationToken.None);
        while (true)
        {
            if (await RunStarter.EnsureRecordAsync(process.Store, id, process.Time, CancellationToken.None) is not { } record)
            {
                await RunStarter.StartAsync(process.Store, id, spec, fresh: false, RunOrigin.Command, process.Time, CancellationToken.None);
                continue;
            }
            if (record.Summary is { } summary) return new RunStart.Finished(summary);
            await using var execution = await process.Store.TryLeaseAsync($"engine/{id}", CancellationToken.None);
            if (execution is null) await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
            else await ExecuteAsync(process, new RunRequest(id, Fresh: false) { Redrive = record.Redrive }, execution.Lost);
        }
    }

    async Task ExecuteAsync(SimulatedProcess process, RunRequest request, CancellationToken lost)
    {
        var activities = CreateActivities(process);
        try
        {
            if (await activities.BeginDriveAsync(request, lost) is { Ended: true }) return;
            var drive = new Drive(process.Store, (name, input, cancellation) => activities.InvokeAsync(name, input, request.Paths, cancellation), cancellation => activities.IsCancelledAsync(request.Paths, cancellation), process.Time, progress =>
                process.Start(() => TryAsync(() => activities.ShowProgressAsync(new DriveProgress(id, progress) { Redrive = request.Redrive }, lost))));
            var end = await LocalEngine.RunAsync(drive, request, lost);
            await activities.EndDriveAsync(new DriveEnd(id, end) { Redrive = request.Redrive }, lost);
        }
        catch (Exception taken) when (taken is DriverReplacedException || taken is OperationCanceledException && lost.IsCancellationRequested)
        {
            // Another process goes on with it.
        }
    }

    int RedriveOnRecord() => JsonSerializer.Deserialize(world.Store.Read(new RunPaths(id).Status)!.Value.Bytes, WorkflowJson.Default.RunRecord)!.Redrive;

    RunActivities CreateActivities(SimulatedProcess process) =>
        new(process.Store, process.Store, new StoreLocation("/data"), new StoreLocation("/state"), new SimulatedIsolation(process, script), process.Time, new HostCapacity(parallel) { WorkersOutlive = TimeSpan.FromSeconds(5), LeastSlice = 1 }, process.Name);

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
            // One that comes after a purge finds nothing of its run.
            catch (Exception stopped) when (IsTyped(stopped) || MayBeDamaged is not null && stopped is RunStateException { IsCorrupt: true })
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
