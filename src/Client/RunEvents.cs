using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Fanfold.Client;

/// <summary>The server-sent events of a run over as many connections as it takes.</summary>
/// <param name="last">The id of the last event that was seen; null for none.</param>
sealed class RunEvents(ApiConnection api, string path, string? last) : IAsyncDisposable
{
    HttpResponseMessage? _response;
    IAsyncEnumerator<SseItem<string>>? _events;
    bool _hasEnded;
    int _failures;

    /// <summary>The next event; null when no other will come.</summary>
    public async Task<RunEvent?> NextAsync(CancellationToken cancellationToken)
    {
        while (!_hasEnded)
        {
            var pause = api.Options.Interval;
            try
            {
                if (_events is null && !await ConnectAsync(cancellationToken)) return null;
                if (await _events!.MoveNextAsync())
                {
                    if (_events.Current.EventType != "run") continue;
                    return Read(_events.Current);
                }
            }
            catch (Exception broken) when (ApiConnection.IsPassing(broken) && _failures < api.Options.Retries)
            {
                pause = api.PauseAfter(broken, ++_failures);
            }
            await DisconnectAsync();
            await Task.Delay(pause, api.Options.Time, cancellationToken);
        }
        return null;
    }

    /// <summary>False when the host has nothing more to tell.</summary>
    async Task<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        _response = await api.SendAsync(HttpMethod.Get, path, mayRepeat: false, cancellationToken, request =>
        {
            request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
            if (last is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        });
        if (_response.StatusCode == HttpStatusCode.NoContent) return false;
        _events = SseParser.Create(await _response.Content.ReadAsStreamAsync(cancellationToken)).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        return true;
    }

    RunEvent Read(SseItem<string> item)
    {
        Run run;
        try
        {
            run = JsonSerializer.Deserialize(item.Data, ClientJson.Default.Run) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw ApiConnection.Foreign(HttpStatusCode.OK);
        }
        (_failures, _hasEnded, last) = (0, run.HasEnded, item.EventId ?? last);
        return new RunEvent(last ?? "", run);
    }

    async Task DisconnectAsync()
    {
        if (_events is not null) await _events.DisposeAsync();
        _response?.Dispose();
        (_events, _response) = (null, null);
    }

    public async ValueTask DisposeAsync() => await DisconnectAsync();
}
