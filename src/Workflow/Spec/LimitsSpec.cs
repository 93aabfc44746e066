namespace Fanfold.Workflow.Spec;

/// <summary>What a run may use and bear; never changes the result.</summary>
public sealed record LimitsSpec
{
    public static ByteSize MinMemory { get; } = new(64L << 20);
    public static ByteSize MaxMemory { get; } = new(1L << 40);
    public static TimeSpan MaxTimeout { get; } = TimeSpan.FromDays(7);
    public const int MaxParallel = 1000;
    public const int MaxRetries = 100;

    /// <summary>Tasks at once, 1 to 1000.</summary>
    /// <value>Default null: the host's number.</value>
    public int? Parallel { get; init; }

    /// <summary>The resident memory of one worker, 64 MiB to 1 TiB.</summary>
    /// <value>Default 512 MiB.</value>
    public ByteSize Memory { get; init; } = new(512L << 20);

    /// <summary>For one try of one task, up to 7 days.</summary>
    /// <value>Default 10 minutes.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>After this time no task of the run goes on, up to 7 days; each redrive has as much again. Planning, and a wait for a retry, may outlast it.</summary>
    /// <value>Default null: no limit.</value>
    public TimeSpan? RunTimeout { get; init; }

    /// <summary>Further tries after the first, 0 to 100.</summary>
    /// <value>Default 3.</value>
    public int Retries { get; init; } = 3;

    /// <value>Default 0%.</value>
    public FailureTolerance ToleratedFailures { get; init; } = FailureTolerance.Percentage(0);
}
