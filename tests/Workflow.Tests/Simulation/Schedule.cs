using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>A run of some scenario, disturbed as its seed says, and judged.</summary>
sealed class Schedule
{
    const string RunId = "run";

    readonly World _world;
    readonly Scenario _scenario;
    readonly SimulatedRun _run;
    readonly SimulatedRun? _rival;
    readonly Oracle _oracle;
    readonly HashSet<int> _bad;
    readonly int _redrives;

    public Schedule(int seed, bool keepsLog = false)
    {
        _world = new World(seed) { Log = keepsLog ? [] : null };
        var dice = new Random(seed ^ 0xd1ce);
        _scenario = Scenario.All[dice.Next(Scenario.All.Count)];
        var bad = Oracle.BadOf(_scenario).ToHashSet();
        (_bad, _redrives) = (bad, dice.Next(3));
        _oracle = new Oracle(_world, _scenario, _scenario.PutData(_world.Store, 0));
        var undisturbed = Expected.Of(_scenario, 0, bad.Count > _scenario.Tolerated ? new HashSet<int>() : bad);
        if (bad.Count <= _scenario.Tolerated && dice.Next(2) == 0) Expected.Of(_scenario, 1, bad).PutInto(_world.Store);
        Chaos = new Chaos(_world, _scenario, undisturbed.Calls) { Join = () => _run!.Start(TimeSpan.Zero), Cancel = Cancel, Purge = Purge, SourceChanged = etag => _oracle!.SourceIs(etag) };
        _run = new SimulatedRun(_world, RunId, _scenario.Spec(), _scenario.Parallel, task => _scenario.Script(task, bad), Chaos.DeliversTwice, byEngine: dice.Next(4) == 0);
        _oracle.Purged = record =>
        {
            foreach (var run in (SimulatedRun?[])[_run, _rival])
            {
                if (run is not null && record == new RunPaths(run.Id).Status) run.IsPurged(_oracle.See()?.Manifest.RunId == run.Id);
            }
        };
        _run.Start(TimeSpan.Zero);
        if (dice.Next(10) > 0) return;
        _rival = new SimulatedRun(_world, Oracle.Rival, _scenario.Spec(rival: true), _scenario.Parallel, task => _scenario.Script(task, bad), Chaos.DeliversTwice);
        _rival.Start(TimeSpan.FromMilliseconds(dice.Next(4) * 500));
    }

    public Chaos Chaos { get; }

    public World World => _world;

    public SimulatedRun Run => _run;

    /// <exception cref="ViolationException"/>
    public RunSummary Play()
    {
        Settle();
        // The cause is removed, and what did not succeed is driven again.
        for (var redrive = 0; redrive < _redrives && _rival is null && _run.Ends[0].Status != RunStatus.Succeeded && _run.IsThere; redrive++)
        {
            _bad.Clear();
            _run.Redrive(onRecord: _world.Dice.Next(2) == 0);
            Settle();
        }
        if (_world.Seed % 4 > 0 || _run.Redrives > 0 || _run.MayBeDamaged is not null) return _run.Ends[0];
        // A driver that comes later replays the whole journal, whatever late ones did to it.
        _world.Store.DeleteAsync(new RunPaths(RunId).Status).GetAwaiter().GetResult();
        _run.Start(TimeSpan.Zero);
        Settle();
        return _run.Ends[0];
    }

    /// <summary>Puts the order as the command does, or an empty object as people may do by hand.</summary>
    void Cancel()
    {
        var paths = new RunPaths(RunId);
        var redrive = _world.Store.Read(paths.Status) is { } status ? JsonSerializer.Deserialize(status.Bytes, WorkflowJson.Default.RunRecord)!.Redrive : 0;
        _world.Store.Put(paths.Cancel, _world.Dice.Next(4) == 0 ? [] : JsonSerializer.SerializeToUtf8Bytes(new CancelOrder(redrive, _world.Now), WorkflowJson.Default.CancelOrder));
    }

    /// <summary>Now, or when the run may have ended, and maybe with starts beside it.</summary>
    void Purge()
    {
        var at = TimeSpan.FromSeconds(_world.Dice.Next(2) * _world.Dice.Next(15));
        _world.At(at, PurgeNow);
        for (var starts = _world.Dice.Next(4); starts > 0; starts--) _run.Start(at + TimeSpan.FromMilliseconds(_world.Dice.Next(3) * _world.Dice.Next(200)));
    }

    void PurgeNow()
    {
        foreach (var run in (SimulatedRun?[])[_run, _rival])
        {
            if (run is not null) run.MayBeDamaged = () => Chaos.MakesZombies;
        }
        var process = new SimulatedProcess(_world, "purge");
        process.Start(async () =>
        {
            try
            {
                await RunPurge.RunAsync(process.Store, process.Time, TimeSpan.Zero, TimeSpan.FromHours(1), CancellationToken.None);
            }
            catch (StorageException failure) when (failure.Failure is StorageFailure.Unreachable or StorageFailure.Throttled or StorageFailure.Full)
            {
            }
            catch (Exception untyped)
            {
                _world.Violate($"a purge failed with {untyped}");
            }
            process.Exit();
        });
    }

    void Settle()
    {
        _world.Run();
        if (_rival is null) _oracle.Judge(_run, Chaos.Explains);
        else _oracle.JudgeRivals(_run, _rival, Chaos.Explains);
        _world.Check();
    }
}
