using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>
/// Processes, the network to one store, and a clock, all on one thread. What can happen next lies in one list, from which the seed picks, so a seed is a schedule:
/// code of a process runs from one call of the store to the next, and calls take effect and are answered in any order. Time passes when nothing else can happen,
/// and sometimes before.
/// </summary>
sealed class World(int seed)
{
    public const int MaxSteps = 400_000;

    static readonly TimeSpan MaxHaste = TimeSpan.FromSeconds(5);

    readonly List<(SimulatedProcess? Process, Action Run)> _ready = [];
    readonly List<VirtualTimer> _timers = [];
    readonly HashSet<StoreRequest> _underWay = [];
    readonly int _thread = Environment.CurrentManagedThreadId;
    readonly double _haste = new Random(seed).Next(4) switch { 0 => 0.02, 1 => 0.002, _ => 0 };
    string? _violation;

    public int Seed => seed;

    public Random Dice { get; } = new(seed);

    public MemoryObjectStore Store { get; init; } = new();

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public int Steps { get; private set; }

    /// <summary>All that were ever started, in their order.</summary>
    public List<SimulatedProcess> Processes { get; } = [];

    /// <summary>Calls of the store that all processes began.</summary>
    public int Calls { get; private set; }

    /// <summary>A digest of all calls with their times, in their order.</summary>
    public ulong Trace { get; private set; } = 14695981039346656037;

    /// <summary>All that <see cref="Trace"/> digests; null for not keeping it.</summary>
    public List<string>? Log { get; set; }

    /// <summary>Meets each call as it begins.</summary>
    public Action<StoreRequest>? OnCall { get; set; }

    /// <summary>Looks at the store after each call that took effect.</summary>
    public Action<StoreRequest>? OnEffect { get; set; }

    /// <summary>Paths whose lease somebody has.</summary>
    public HashSet<string> Leased { get; } = [];

    /// <summary>Something that must never happen has happened; the first counts.</summary>
    public void Violate(string what) => _violation ??= what;

    /// <summary>Runs until nothing can happen any more.</summary>
    /// <exception cref="ViolationException"/>
    public void Run()
    {
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            while (_violation is null && Step())
            {
                if (++Steps > MaxSteps) Violate($"no end after {MaxSteps} steps");
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
        Check();
    }

    /// <exception cref="ViolationException"/>
    public void Check()
    {
        if (_violation is not null) throw new ViolationException(seed, _violation, Log);
    }

    public void Add(SimulatedProcess? process, Action run)
    {
        if (Environment.CurrentManagedThreadId != _thread) Violate($"code left the scheduler: {Environment.StackTrace}");
        else if (process?.Holds(run) != true) _ready.Add((process, run));
    }

    /// <summary>Plans something outside of all processes.</summary>
    public void At(TimeSpan delay, Action run) => Start(new VirtualTimer(this, null, _ => run(), null), delay, Timeout.InfiniteTimeSpan);

    public void Start(VirtualTimer timer, TimeSpan due, TimeSpan period)
    {
        _timers.Remove(timer);
        timer.Period = period;
        if (due == Timeout.InfiniteTimeSpan) return;
        timer.Due = Now + due;
        _timers.Add(timer);
    }

    public void Stop(VirtualTimer timer) => _timers.Remove(timer);

    /// <summary>Takes all out that a process would do.</summary>
    public List<Action> Withdraw(SimulatedProcess process, bool timersToo)
    {
        if (timersToo) _timers.RemoveAll(timer => timer.Process == process);
        List<Action> withdrawn = [.. _ready.Where(work => work.Process == process).Select(work => work.Run)];
        _ready.RemoveAll(work => work.Process == process);
        return withdrawn;
    }

    public void Send(StoreRequest request)
    {
        if (request.Process.IsDead) return;
        request.Ordinal = ++Calls;
        Note('>', request.Process.Name, request.Operation, request.Path);
        OnCall?.Invoke(request);
        if (request.Fault == Fault.Vanish) return;
        _underWay.Add(request);
        if (request.Hold > TimeSpan.Zero) At(request.Hold, () => Add(null, () => TakeEffect(request)));
        else Add(null, () => TakeEffect(request));
    }

    public void Note(char what, string who, object? how = null, string where = "")
    {
        foreach (var part in (string[])[$"{what}{who}{how}", where]) foreach (var c in part) Trace = (Trace ^ c) * 1099511628211;
        Trace = (Trace ^ (ulong)Now.Ticks) * 1099511628211;
        Log?.Add($"{Steps} {Now:HH:mm:ss.fff} {what} {who} {how} {where}");
    }

    /// <summary>All processes die at once, and with them what was on its way.</summary>
    public void CutPower()
    {
        foreach (var request in _underWay.Where(request => !request.Process.IsSpared)) request.Fault = Fault.Vanish;
        foreach (var process in Processes.Where(process => !process.IsDead && !process.IsSpared).ToList()) process.Die();
    }

    void TakeEffect(StoreRequest request)
    {
        _underWay.Remove(request);
        if (request.Fault == Fault.Vanish) return;
        Note('*', request.Process.Name, request.Operation, request.Path);
        var reply = request.TakeEffect();
        OnEffect?.Invoke(request);
        if (!request.Process.IsDead) request.Process.Start(reply);
    }

    bool Step()
    {
        if (_ready.Count == 0 ? Advance(TimeSpan.MaxValue) : _haste > 0 && Dice.NextDouble() < _haste && Advance(MaxHaste)) return true;
        if (_ready.Count == 0) return false;
        var next = Dice.Next(_ready.Count);
        var work = _ready[next];
        _ready[next] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        work.Run();
        return true;
    }

    /// <summary>Goes to the time of the next timer and fires it; false when there is none so soon.</summary>
    bool Advance(TimeSpan most)
    {
        VirtualTimer? next = null;
        foreach (var timer in _timers)
        {
            if (next is null || timer.Due < next.Due) next = timer;
        }
        if (next is null || next.Due - Now > most) return false;
        if (next.Due > Now) Now = next.Due;
        if (next.Period > TimeSpan.Zero) next.Due = Now + next.Period;
        else _timers.Remove(next);
        if (next.Process is null) next.Fire();
        else Add(next.Process, next.Fire);
        return true;
    }
}

/// <summary>A schedule whose outcome is neither the exact result nor a typed failure.</summary>
sealed class ViolationException(int seed, string what, IReadOnlyList<string>? log) : Exception($"FANFOLD_SEED={seed}: {what}{(log is null ? "" : "\n" + string.Join('\n', log))}");
