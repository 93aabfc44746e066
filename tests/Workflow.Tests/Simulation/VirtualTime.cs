namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>A process's clock: the world's.</summary>
sealed class VirtualTime(World world, SimulatedProcess process) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => world.Now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => world.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(world, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}

/// <param name="process">Null for a timer of the world itself.</param>
sealed class VirtualTimer(World world, SimulatedProcess? process, TimerCallback callback, object? state) : ITimer
{
    public SimulatedProcess? Process => process;

    public DateTimeOffset Due { get; set; }

    public TimeSpan Period { get; set; }

    public void Fire() => callback(state);

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (process?.IsDead != true) world.Start(this, dueTime, period);
        return true;
    }

    public void Dispose() => world.Stop(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
