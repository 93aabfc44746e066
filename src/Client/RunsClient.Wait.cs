using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace Fanfold.Client;

public sealed partial class RunsClient
{
    /// <summary>Waits until a run has ended, asking as often as the host wishes. A host that goes away for a while, or that is said to be away (429, 502, 503, 504), is waited for.</summary>
    /// <param name="onChange">Told of every change that is seen.</param>
    public async Task<Run> WaitAsync(string runId, Action<Run>? onChange = null, CancellationToken cancellationToken = default)
    {
        EntityTagHeaderValue? known = null;
        for (var failures = 0; ;)
        {
            TimeSpan pause;
            try
            {
                using var response = await _api.SendAsync(HttpMethod.Get, PathOf(runId), mayRepeat: false, cancellationToken, request =>
                {
                    if (known is not null) request.Headers.IfNoneMatch.Add(known);
                });
                pause = _api.RetryAfter(response) ?? _api.Options.Interval;
                if (response.StatusCode != HttpStatusCode.NotModified)
                {
                    var run = await ApiConnection.ReadAsync(response, ClientJson.Default.Run, cancellationToken);
                    known = response.Headers.ETag;
                    onChange?.Invoke(run);
                    if (run.HasEnded) return run;
                }
                failures = 0;
            }
            catch (Exception gone) when (ApiConnection.IsPassing(gone) && failures < _api.Options.Retries)
            {
                pause = _api.PauseAfter(gone, ++failures);
            }
            await Task.Delay(pause, _api.Options.Time, cancellationToken);
        }
    }

    /// <summary>A run now and whenever it changes, until it has ended. A stream that breaks off is opened again where it was.</summary>
    /// <param name="lastEventId">Of an event that was seen before: only what changed since is told; null for all.</param>
    public async IAsyncEnumerable<RunEvent> WatchAsync(string runId, string? lastEventId = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var events = new RunEvents(_api, PathOf(runId) + "/events", lastEventId);
        while (await events.NextAsync(cancellationToken) is { } next) yield return next;
    }

    /// <summary>Opens the result of a run that has succeeded, to be read as it comes.</summary>
    /// <param name="format">json, csv or parquet; null for the one that the spec names.</param>
    public async Task<RunResult> ResultAsync(string runId, string? format = null, CancellationToken cancellationToken = default)
    {
        var query = format is null ? "" : "?format=" + Uri.EscapeDataString(format);
        var response = await _api.SendAsync(HttpMethod.Get, PathOf(runId) + "/result" + query, mayRepeat: true, cancellationToken);
        return new RunResult(response, await response.Content.ReadAsStreamAsync(cancellationToken));
    }
}

/// <summary>A run as it was at an event.</summary>
/// <param name="Id">Names the event; what <see cref="RunsClient.WatchAsync"/> goes on after.</param>
public sealed record RunEvent(string Id, Run Run);

/// <summary>The content of a result. Disposing ends the reading.</summary>
/// <param name="content">Read once, from its beginning.</param>
public sealed class RunResult(HttpResponseMessage response, Stream content) : IAsyncDisposable
{
    public Stream Content => content;

    public string? ContentType => response.Content.Headers.ContentType?.ToString();

    /// <summary>In bytes; null when the host does not know it before.</summary>
    public long? Length => response.Content.Headers.ContentLength;

    public async ValueTask DisposeAsync()
    {
        await content.DisposeAsync();
        response.Dispose();
    }
}
