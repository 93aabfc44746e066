using System.Security.Cryptography;
using System.Text;
using Fanfold.Storage;
using Fanfold.Workflow.Triggers;

namespace Fanfold.LocalHost.Serving;

/// <summary>
/// Looks again and again for objects that ask for runs, and hands each version to the triggers once: when it was the same in two looks, so that a file that is still
/// being copied waits. One whose spec lies beside it waits for that too, at no cost but that of the listing. What was handed over is remembered while the object is there, 16 bytes each; a restart that forgets it is harmless, as ids are derived.
/// </summary>
/// <param name="folder">Where to look; empty for the whole store.</param>
/// <param name="triggerOf">What a path asks for; null when it asks for no run.</param>
/// <param name="handle">Hands a path over; another look follows when it fails.</param>
/// <param name="log">Told what no caller hears.</param>
sealed class TriggerWatch(IObjectStore store, string folder, Func<string, RunTrigger?> triggerOf, Func<string, CancellationToken, Task<TriggerOutcome>> handle, TimeProvider time, Action<string> log)
{
    // Listing a large store takes long; looking takes a tenth of the time at most.
    const int RestPerLook = 9;

    Dictionary<UInt128, bool> _seen = [];
    string? _trouble;

    /// <summary>Looks until it is stopped. A store that fails is looked at again.</summary>
    public async Task WatchAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            try
            {
                await LookAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            var rest = time.GetElapsedTime(began) * RestPerLook;
            await Task.Delay(rest > interval ? rest : interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One look.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var (seen, due, specs) = (new Dictionary<UInt128, bool>(), new List<(UInt128 Version, RunTrigger Trigger)>(), new HashSet<UInt128>());
        try
        {
            await foreach (var entry in store.ListAsync(folder, cancellationToken))
            {
                var trigger = triggerOf(entry.Path);
                if (trigger is null && !RunTrigger.IsSpecOfData(entry.Path)) continue;
                var version = Version(entry);
                var known = _seen.TryGetValue(version, out var handed);
                seen[version] = handed;
                if (trigger is null && known) specs.Add(Hash(entry.Path));
                if (trigger is not null && known && !handed) due.Add((version, trigger));
            }
        }
        // A container that is not there yet.
        catch (StorageException missing) when (missing.Failure == StorageFailure.NotFound) { }
        catch (StorageException failure)
        {
            Tell($"requests can't be looked for: {failure.Message}");
            // What was not reached is there still, as far as anyone knows.
            foreach (var (version, handed) in _seen) seen.TryAdd(version, handed);
        }
        _seen = seen;
        foreach (var (version, trigger) in due)
            if (trigger.SpecPath == trigger.Path || specs.Contains(Hash(trigger.SpecPath))) seen[version] = await TryHandAsync(trigger.Path, cancellationToken);
    }

    /// <summary>False when it is to be tried again.</summary>
    async Task<bool> TryHandAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            switch (await handle(path, cancellationToken))
            {
                case TriggerOutcome.Started { Again: false } started: log($"'{path}' started run {started.RunId}"); break;
                // It was there a moment ago; the next listing tells.
                case TriggerOutcome.Nothing: return false;
                case TriggerOutcome.Refused refused: log($"'{path}' was refused ({refused.Errors[0].Message.TrimEnd('.')}); see '{refused.ErrorPath}'"); break;
            }
            _trouble = null;
            return true;
        }
        catch (StorageException failure)
        {
            Tell($"'{path}' can't be run now: {failure.Message}");
            // No other try can read a name that no store takes.
            return failure.Failure == StorageFailure.InvalidPath;
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            log($"'{path}' met a defect of fanfold: {bug}");
            return true;
        }
    }

    /// <summary>Says what goes wrong at every look only once.</summary>
    void Tell(string trouble)
    {
        if (_trouble != trouble) log(trouble);
        _trouble = trouble;
    }

    static UInt128 Version(ObjectProperties entry) => Hash($"{entry.Path}\n{entry.Length}\n{entry.ETag}");

    static UInt128 Hash(string text) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
