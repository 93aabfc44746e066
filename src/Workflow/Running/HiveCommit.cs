using System.Text.Json;
using Fanfold.Engine.Columns;
using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>The files that a run is about to put below an output folder, by their names there. Who comes next removes those that no manifest names.</summary>
public sealed record OutputIntent(string RunId, IReadOnlyList<string> Files);

/// <summary>What <see cref="HiveCommit"/> needs of a result.</summary>
/// <param name="PartitionType">That of the partition column.</param>
/// <param name="Packed">The object with the files.</param>
/// <param name="ManifestETag">The manifest when the run was planned; null when there was none.</param>
sealed record HiveResultParts(string RunId, string Output, DataType PartitionType, IReadOnlyList<PackedFile> Files, PartReference Packed, string? ManifestETag);

/// <summary>
/// Commits a result of many files: the files under names of their own, then the manifest that names them, then the older files go. One run at a time writes
/// below a folder, by a lease. Killed between any two steps, the same run goes on, and any other finds what to remove.
/// </summary>
sealed class HiveCommit(IObjectStore state, TimeProvider time)
{
    const int Concurrency = 16;
    const int MaxJson = 1 << 30;

    static readonly TimeSpan LeasePoll = TimeSpan.FromMilliseconds(200);

    /// <param name="manifest">Makes the manifest of the files as they were put, and of those they supersede.</param>
    /// <exception cref="StorageException"><see cref="StorageFailure.Conflict"/> when another run got between; nothing of this one is left then.</exception>
    public async Task CommitAsync(HiveResultParts result, Func<IReadOnlyList<ManifestFile>, IReadOnlyList<string>, Manifest> manifest, CancellationToken cancellationToken)
    {
        await using var lease = await LeaseAsync(RunPaths.OutputLock(result.Output), cancellationToken);
        using var held = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
        try
        {
            await CommitUnderLeaseAsync(result, manifest, held.Token);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new StorageException(StorageFailure.Unreachable, RunPaths.OutputLock(result.Output), $"the lease of the output '{result.Output}' was lost while its files were written; another try may work");
        }
    }

    async Task CommitUnderLeaseAsync(HiveResultParts result, Func<IReadOnlyList<ManifestFile>, IReadOnlyList<string>, Manifest> manifest, CancellationToken cancellationToken)
    {
        var (output, hash) = (result.Output, HiveFiles.Hash(result.Files));
        var (current, etag) = await ReadManifestAsync(output, cancellationToken);
        // Killed after its manifest was there, the run has only to tidy up.
        if (current is null || current.RunId != result.RunId || current.Result.Hash != hash)
        {
            if (etag != result.ManifestETag) throw new StorageException(StorageFailure.Conflict, RunPaths.Manifest(output), $"'{RunPaths.Manifest(output)}' is not the version that was there when the run was planned");
            var names = result.Files.Select((file, index) => HiveFiles.Name(file, index, hash)).ToList();
            await RemoveAsync(output, [.. await IntentAsync(output, cancellationToken), .. current?.Superseded ?? []], [.. NamesOf(current), .. names], cancellationToken);
            await PutIntentAsync(output, new OutputIntent(result.RunId, names), cancellationToken);
            try
            {
                var files = await PutFilesAsync(result, names, cancellationToken);
                current = manifest(files, [.. NamesOf(current).Except(names)]);
                await PutManifestAsync(output, current, etag, cancellationToken);
            }
            catch (StorageException failure) when (failure.Failure is not (StorageFailure.Unreachable or StorageFailure.Throttled or StorageFailure.Full))
            {
                await RemoveAsync(output, names, [.. NamesOf((await ReadManifestAsync(output, cancellationToken)).Manifest)], cancellationToken);
                throw;
            }
        }
        await RemoveAsync(output, [.. current.Superseded ?? []], [.. NamesOf(current)], cancellationToken);
        await state.DeleteAsync(RunPaths.OutputIntent(output), cancellationToken);
    }

    /// <summary>The manifest of an output and its version; both null when there is none.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.Conflict"/> when what is there can't be read as one, so that nobody knows whose files it names.</exception>
    public async Task<(Manifest? Manifest, string? ETag)> ReadManifestAsync(string output, CancellationToken cancellationToken)
    {
        var path = RunPaths.Manifest(output);
        try
        {
            if (await state.ReadVersionAsync(path, MaxJson, cancellationToken) is not var (json, etag)) return (null, null);
            return (StoredJson.Read(json, WorkflowJson.Default.Manifest, Manifest.CurrentVersion, "manifest", path), etag);
        }
        catch (Exception unreadable) when (unreadable is RunStateException or StorageException { Failure: StorageFailure.TooLarge })
        {
            throw new StorageException(StorageFailure.Conflict, path,
                $"'{path}' can't be read as a manifest by this version of fanfold, so the files of the result before are not known. Delete it together with '{output}', or write to another folder.", unreadable);
        }
    }

    static IEnumerable<string> NamesOf(Manifest? manifest) => manifest?.Result.Files?.Select(file => file.Path) ?? [];

    async Task<IObjectLease> LeaseAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await state.TryLeaseAsync(path, cancellationToken) is { } lease) return lease;
            await Task.Delay(LeasePoll, time, cancellationToken);
        }
    }

    async Task<IReadOnlyList<string>> IntentAsync(string output, CancellationToken cancellationToken)
    {
        if (await state.ReadAllAsync(RunPaths.OutputIntent(output), MaxJson, cancellationToken) is not { } json) return [];
        try
        {
            return JsonSerializer.Deserialize(json, WorkflowJson.Default.OutputIntent)?.Files ?? [];
        }
        catch (JsonException)
        {
            // As good as gone.
            return [];
        }
    }

    Task PutIntentAsync(string output, OutputIntent intent, CancellationToken cancellationToken) =>
        state.PutAsync(RunPaths.OutputIntent(output), JsonSerializer.SerializeToUtf8Bytes(intent, WorkflowJson.Default.OutputIntent), PutCondition.None, cancellationToken);

    async Task PutManifestAsync(string output, Manifest manifest, string? etag, CancellationToken cancellationToken) =>
        await state.PutAsync(RunPaths.Manifest(output), JsonSerializer.SerializeToUtf8Bytes(manifest, WorkflowJson.Default.Manifest), PutCondition.Over(etag), cancellationToken);

    async Task<IReadOnlyList<ManifestFile>> PutFilesAsync(HiveResultParts result, List<string> names, CancellationToken cancellationToken)
    {
        await using var packed = await state.OpenAsync(result.Packed.Properties, cancellationToken);
        var files = new ManifestFile[names.Count];
        await Parallel.ForAsync(0, names.Count, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken, TaskScheduler = TaskScheduler.Current }, async (i, token) =>
        {
            var file = result.Files[i];
            var etag = await PutFileAsync(ObjectPath.Combine(result.Output, names[i]), packed, file, token);
            files[i] = new ManifestFile(names[i], file.Value is null ? null : ScalarText.Read(result.PartitionType, file.Value).ToString(), etag, file.Hash, file.Rows, file.Bytes);
        });
        return files;
    }

    async Task<string> PutFileAsync(string path, IObjectReader packed, PackedFile file, CancellationToken cancellationToken)
    {
        try
        {
            return await PutAsync(PutCondition.IfAbsent);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            // An earlier try put it, or an equal result has it. Other bytes under a name that tells the content are damage.
            string? damaged = null;
            await using (var existing = await state.OpenAsync(path, cancellationToken))
            {
                if (existing is not null && await PartWriter.HashAsync(existing, HashKind.Sha256, cancellationToken) == file.Hash) return existing.Properties.ETag;
                damaged = existing?.Properties.ETag;
            }
            return await PutAsync(PutCondition.Over(damaged));
        }

        async Task<string> PutAsync(PutCondition condition)
        {
            await using var content = new ObjectStream(packed, file.Offset, file.Bytes);
            return (await state.PutAsync(path, content, condition, cancellationToken)).ETag;
        }
    }

    async Task RemoveAsync(string output, IReadOnlyList<string> names, HashSet<string> kept, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(names.Where(name => !kept.Contains(name) && HiveFiles.IsName(name)),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken, TaskScheduler = TaskScheduler.Current }, async (name, token) => await state.DeleteAsync($"{output}/{name}", token));
}
