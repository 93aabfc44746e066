namespace Fanfold.Client;

/// <summary>How a <see cref="RunsClient"/> asks.</summary>
public sealed record RunsClientOptions
{
    /// <summary>The key of a Functions app, sent as <c>x-functions-key</c>; null for none.</summary>
    public string? FunctionsKey { get; init; }

    /// <summary>How often a request that may be repeated is repeated when the host says when, and a stream of events is opened again.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Between two looks at a run, and before a stream is opened again, where the host does not say.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    // A key would be part of whatever prints the options.
    public override string ToString() => nameof(RunsClientOptions);
}
