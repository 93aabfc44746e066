using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>What can disturb a schedule, each at some call of the store.</summary>
enum Disturbance
{
    Fails,
    LosesReply,
    Tears,
    IsLate,
    ProcessDies,
    DriverDies,
    PowerIsCut,
    ProcessStandsStill,
    LeaseIsLost,
    ActivityComesTwice,
    AnotherDriverJoins,
    SourceChanges,
    RunIsCancelled,
    StateIsPurged,
}

/// <summary>Disturbs a world at calls that the seed chose.</summary>
sealed class Chaos
{
    static readonly double[] Seconds = [0.3, 1, 4, 10, 16, 25];

    readonly World _world;
    readonly Scenario _scenario;
    readonly Queue<(int Ordinal, Disturbance What)> _plan;
    readonly Random _dice;
    bool _cutsPower;
    int _twice;

    /// <param name="calls">How many an undisturbed run makes.</param>
    public Chaos(World world, Scenario scenario, int calls)
    {
        (_world, _scenario, _dice) = (world, scenario, new Random(world.Seed ^ 0x5eed));
        // Some seeds have one kind only, some nothing else than failures, most have all.
        var all = Enum.GetValues<Disturbance>();
        var kinds = _dice.Next(3) == 0 ? [all[_dice.Next(all.Length)], all[_dice.Next(all.Length)]] : all;
        var count = _dice.Next(4) == 0 ? _dice.Next(20) : _dice.Next(6);
        _plan = new(Enumerable.Range(0, count).Select(_ => (Ordinal: 1 + _dice.Next(calls * 5 / 4), What: kinds[_dice.Next(kinds.Length)])).OrderBy(fault => fault.Ordinal));
        world.OnCall = Meet;
    }

    /// <summary>Joins a driver to the run.</summary>
    public Action? Join { get; set; }

    /// <summary>Cancels the run.</summary>
    public Action? Cancel { get; set; }

    /// <summary>Purges the store of all runs that have ended.</summary>
    public Action? Purge { get; set; }

    /// <summary>Told the version that the source has from now on.</summary>
    public Action<string>? SourceChanged { get; set; }

    /// <summary>How often each has happened.</summary>
    public Dictionary<Disturbance, int> Happened { get; } = [];

    /// <summary>Failures that the store gave.</summary>
    public HashSet<StorageFailure> Failures { get; } = [];

    /// <summary>Whether something happened that a run may give as its reason.</summary>
    public bool Explains(string code) => code switch
    {
        "cancelled" => Happened.ContainsKey(Disturbance.RunIsCancelled),
        "input-changed" => Happened.ContainsKey(Disturbance.SourceChanges),
        "scripted" => _scenario.Bad is not null,
        "storage-unreachable" => Failures.Contains(StorageFailure.Unreachable),
        "throttled" => Failures.Contains(StorageFailure.Throttled),
        "storage-full" => Failures.Contains(StorageFailure.Full),
        // The task failed in one delivery, and succeeded in another that came later.
        // What a process that died had sent may arrive after another has given its task up.
        "redrive-needed" => (Happened.ContainsKey(Disturbance.ActivityComesTwice) || Happened.ContainsKey(Disturbance.ProcessDies) || MakesZombies) && (Failures.Count > 0 || Happened.ContainsKey(Disturbance.ProcessDies) || Happened.ContainsKey(Disturbance.SourceChanges) || _scenario.Bad is not null),
        // Nobody saw the end of a worker, or could tell the store; or another process has the task for longer than a dead one would. Each of these takes one try of a task, and all of them must be gone.
        "tries-exhausted" => TakesTries.Sum(what => Happened.GetValueOrDefault(what)) > _scenario.Retries,
        "worker-died" => Happened.ContainsKey(Disturbance.ProcessDies),
        // A purge that has lost its lease, and does not know it yet, deletes on below a run that began meanwhile; and what was delivered for the run that was purged may come to the one that has its id now.
        "state-corrupt" or "part-lost" or "proof-failed" => Happened.ContainsKey(Disturbance.StateIsPurged) && (MakesZombies || Happened.ContainsKey(Disturbance.ActivityComesTwice)),
        _ => false,
    };

    static readonly Disturbance[] TakesTries =
    [
        Disturbance.Fails, Disturbance.LosesReply, Disturbance.Tears, Disturbance.ActivityComesTwice, Disturbance.ProcessDies, Disturbance.DriverDies, Disturbance.PowerIsCut, Disturbance.ProcessStandsStill, Disturbance.LeaseIsLost,
    ];

    public bool MakesZombies => Happened.ContainsKey(Disturbance.LeaseIsLost) || Happened.ContainsKey(Disturbance.ProcessStandsStill);

    public bool DeliversTwice()
    {
        if (_twice == 0) return false;
        _twice--;
        return true;
    }

    void Meet(StoreRequest request)
    {
        while (_plan.TryPeek(out var next) && next.Ordinal <= request.Ordinal)
        {
            _plan.Dequeue();
            Happened[next.What] = Happened.GetValueOrDefault(next.What) + 1;
            _world.Note('!', request.Process.Name, next.What);
            Disturb(next.What, request);
        }
        if (_cutsPower && request.MayBeTorn && request.Fault == Fault.None)
        {
            _cutsPower = false;
            PowerCut.At(_world, request, _dice);
        }
    }

    void Disturb(Disturbance what, StoreRequest request)
    {
        var (process, driver) = (request.Process, request.Process.Parent ?? request.Process);
        switch (what)
        {
            case Disturbance.Fails:
                Fail(request, Fault.BeforeEffect, (StorageFailure[])[StorageFailure.Unreachable, StorageFailure.Throttled, StorageFailure.Full]);
                break;
            case Disturbance.LosesReply:
                Fail(request, Fault.LostReply, StorageFailure.Unreachable);
                break;
            case Disturbance.Tears:
                Fail(request, Fault.Torn, StorageFailure.Unreachable);
                break;
            case Disturbance.IsLate:
                request.Hold = Time();
                break;
            case Disturbance.ProcessDies:
                Die(process, request);
                break;
            case Disturbance.DriverDies:
                Die(driver, request);
                break;
            case Disturbance.PowerIsCut:
                _cutsPower = true;
                break;
            case Disturbance.ProcessStandsStill:
                (_dice.Next(2) == 0 ? process : driver).Pause(Time());
                break;
            case Disturbance.LeaseIsLost:
                driver.LoseLeases(_dice.Next(3) == 0 ? TimeSpan.Zero : Time());
                break;
            case Disturbance.ActivityComesTwice:
                _twice++;
                break;
            case Disturbance.AnotherDriverJoins:
                Join?.Invoke();
                break;
            case Disturbance.RunIsCancelled:
                Cancel?.Invoke();
                break;
            case Disturbance.StateIsPurged:
                Purge?.Invoke();
                break;
            default:
                SourceChanged?.Invoke(_scenario.PutSource(_world.Store, 1));
                break;
        }
    }

    TimeSpan Time() => TimeSpan.FromSeconds(Seconds[_dice.Next(Seconds.Length)]);

    void Fail(StoreRequest request, Fault fault, params StorageFailure[] failures)
    {
        (request.Fault, request.Failure) = (fault, failures[_dice.Next(failures.Length)]);
        Failures.Add(request.Failure);
    }

    // Its last call is lost on the way, or comes through, at once or late.
    void Die(SimulatedProcess process, StoreRequest request)
    {
        if (process.IsSpared) return;
        if (_dice.Next(2) == 0) request.Fault = Fault.Vanish;
        else if (_dice.Next(2) == 0) request.Hold = Time();
        process.Die();
    }
}
