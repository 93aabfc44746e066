namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>
/// A process: a scheduler that all its code stays on, its view of the store, its clock and its leases. It can die, when nothing of it happens any more but what its
/// calls still do in the store, and it can stand still.
/// </summary>
sealed class SimulatedProcess : TaskScheduler
{
    /// <summary>A lease whose holder is gone frees itself within this time.</summary>
    static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(15);

    readonly World _world;
    readonly bool _inlines;
    readonly List<SimulatedLease> _leases = [];
    List<Action>? _backlog;

    /// <param name="parent">Whose worker it is; null for none.</param>
    public SimulatedProcess(World world, string name, SimulatedProcess? parent = null)
    {
        (_world, Name, Parent) = (world, name, parent);
        world.Processes.Add(this);
        _inlines = world.Dice.Next(4) > 0;
        Store = new StoreView(world, this);
        Time = new VirtualTime(world, this);
    }

    public string Name { get; }

    public SimulatedProcess? Parent { get; }

    public World World => _world;

    public StoreView Store { get; }

    public VirtualTime Time { get; }

    /// <summary>Whether nothing kills it.</summary>
    public bool IsSpared { get; init; }

    public bool IsDead { get; private set; }

    public bool IsPaused => _backlog is not null;

    /// <summary>Its code came to an end.</summary>
    public void Exit()
    {
        Died = null;
        Die();
    }

    /// <summary>What happens when it dies.</summary>
    public event Action? Died;

    public Task Start(Func<Task> code) => Task.Factory.StartNew(code, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    public Task Start(Action code) => Task.Factory.StartNew(code, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);

    public void Die()
    {
        if (IsDead) return;
        IsDead = true;
        _world.Note('!', Name, "dies");
        _world.Withdraw(this, timersToo: true);
        _backlog = null;
        foreach (var lease in _leases) _world.At(_world.Dice.Next(2) == 0 ? TimeSpan.Zero : LeaseTime, lease.Free);
        Died?.Invoke();
    }

    /// <summary>Stands still for some time. Leases that it should have renewed meanwhile are lost, of which it learns when it goes on, or later.</summary>
    public void Pause(TimeSpan time)
    {
        if (IsDead || IsPaused) return;
        _world.Note('!', Name, "stands still for", time.ToString());
        _backlog = _world.Withdraw(this, timersToo: false);
        if (time > LeaseTime) _world.At(LeaseTime, () => LoseLeases(time - LeaseTime + TimeSpan.FromSeconds(_world.Dice.Next(3) * 5)));
        _world.At(time, () =>
        {
            if (_backlog is not { } backlog) return;
            _backlog = null;
            _world.Note('!', Name, "goes on");
            foreach (var run in backlog) _world.Add(this, run);
        });
    }

    /// <param name="told">How much later it learns of it.</param>
    public void LoseLeases(TimeSpan told)
    {
        foreach (var lease in _leases)
        {
            _world.Note('!', Name, "loses", lease.Path);
            lease.Free();
            _world.At(told, () => _world.Add(this, lease.Lose));
        }
        _leases.Clear();
    }

    public void Hold(SimulatedLease lease)
    {
        _leases.Add(lease);
        // An answer that did not arrive leaves a lease that nobody renews.
        _world.At(LeaseTime, () =>
        {
            if (!lease.IsClaimed) lease.Free();
        });
    }

    public void Release(SimulatedLease lease) => _leases.Remove(lease);

    /// <summary>Whether the process keeps it for later, or will never do it.</summary>
    public bool Holds(Action run)
    {
        if (!IsDead) _backlog?.Add(run);
        return IsDead || IsPaused;
    }

    protected override void QueueTask(Task task)
    {
        // The collector's thread ends timers of the dead.
        if (!IsDead) _world.Add(this, () => TryExecuteTask(task));
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        _inlines && !taskWasPreviouslyQueued && !IsDead && !IsPaused && Current == this && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
