using System.Text.Json;
using Fanfold.Engine.Columns;
using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>The files that runs are about to put below an output folder, by their names there. Who commits next removes those that its manifest does not name.</summary>
/// <param name="RunId">The run that wrote it last.</param>
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

    /// <param name="manifest">Makes the manifest of the files as they were put, and of those to remove once it is there.</param>
    /// <exception cref="StorageException"><see cref="StorageFailure.Conflict"/> when another run got between; nothing of this one is left then.</exception>
    public Task CommitAsync(HiveResultParts result, Func<IReadOnlyList<ManifestFile>, IReadOnlyList<string>, Manifest> manifest, CancellationToken cancellationToken) =>
        OutputLock.HoldAsync(state, result.Output, time, token => CommitUnderLeaseAsync(result, manifest, token), cancellationToken);

    /// <remarks>
    /// One that was stopped for longer than its lease lasts writes and removes beside another. So nothing goes before a manifest is in, and then only names that can't come back: a name is given over one version of
    /// the manifest, and over each of them one manifest gets in.
    /// </remarks>
    async Task CommitUnderLeaseAsync(HiveResultParts result, Func<IReadOnlyList<ManifestFile>, IReadOnlyList<string>, Manifest> manifest, CancellationToken cancellationToken)
    {
        var (output, hash) = (result.Output, HiveFiles.Hash(result.Files));
        var (current, etag) = await ReadManifestAsync(output, cancellationToken);
        // Killed after its manifest was there, the run has only to tidy up. One that was there at plan time is that of an earlier drive, which may have had the same files and left a partition out.
        if (current is null || !IsOf(result, current, hash) || etag == result.ManifestETag)
        {
            if (etag != result.ManifestETag) throw new StorageException(StorageFailure.Conflict, RunPaths.Manifest(output), $"'{RunPaths.Manifest(output)}' is not the version that was there when the run was planned");
            var suffix = current?.Result.Hash == hash && NamesOf(current).FirstOrDefault() is { } first && HiveFiles.SuffixOf(first) is { } same ? same : HiveFiles.Suffix(hash, etag);
            var names = result.Files.Select((file, index) => HiveFiles.Name(file, index, suffix)).ToList();
            var others = await AnnounceAsync(result, names, cancellationToken);
            current = manifest(await PutFilesAsync(result, names, cancellationToken), [.. NamesOf(current).Concat(current?.Superseded ?? []).Concat(others).Where(HiveFiles.IsName).Except(names)]);
            try
            {
                await PutManifestAsync(output, current, etag, cancellationToken);
            }
            catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
            {
                if ((await ReadManifestAsync(output, cancellationToken)).Manifest is not { } winner) throw;
                if (!IsOf(result, winner, hash))
                {
                    await RemoveAsync(output, names, [.. NamesOf(winner)], cancellationToken);
                    throw;
                }
                current = winner;
            }
        }
        await RemoveAsync(output, [.. current.Superseded ?? []], [.. NamesOf(current)], cancellationToken);
        HashSet<string> known = [.. NamesOf(current), .. current.Superseded ?? []];
        if (await IntentAsync(output, cancellationToken) is (var announced, { } seen) && announced.All(known.Contains)) await state.DeleteVersionAsync(RunPaths.OutputIntent(output), seen, cancellationToken);
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

    static bool IsOf(HiveResultParts result, Manifest manifest, string hash) => manifest.RunId == result.RunId && manifest.Result.Hash == hash;

    static IEnumerable<string> NamesOf(Manifest? manifest) => manifest?.Result.Files?.Select(file => file.Path) ?? [];

    async Task<(IReadOnlyList<string> Files, string? ETag)> IntentAsync(string output, CancellationToken cancellationToken)
    {
        if (await state.ReadVersionAsync(RunPaths.OutputIntent(output), MaxJson, cancellationToken) is not var (json, etag)) return ([], null);
        try
        {
            return (JsonSerializer.Deserialize(json, WorkflowJson.Default.OutputIntent)?.Files ?? [], etag);
        }
        catch (JsonException)
        {
            // As good as gone.
            return ([], etag);
        }
    }

    /// <summary>Adds the names to the intent; returns those that stood there, which others may have put, or be putting.</summary>
    async Task<IReadOnlyList<string>> AnnounceAsync(HiveResultParts result, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var (others, etag) = await IntentAsync(result.Output, cancellationToken);
        var intent = JsonSerializer.SerializeToUtf8Bytes(new OutputIntent(result.RunId, [.. others.Union(names)]), WorkflowJson.Default.OutputIntent);
        try
        {
            await state.PutAsync(RunPaths.OutputIntent(result.Output), intent, PutCondition.Over(etag), cancellationToken);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            throw OutputLock.Lost(result.Output);
        }
        return others;
    }

    async Task PutManifestAsync(string output, Manifest manifest, string? etag, CancellationToken cancellationToken) =>
        await state.PutAsync(RunPaths.Manifest(output), JsonSerializer.SerializeToUtf8Bytes(manifest, WorkflowJson.Default.Manifest), PutCondition.Over(etag), cancellationToken);

    async Task<IReadOnlyList<ManifestFile>> PutFilesAsync(HiveResultParts result, List<string> names, CancellationToken cancellationToken)
    {
        await using var packed = await state.OpenAsync(result.Packed.Properties, cancellationToken);
        var files = new ManifestFile[names.Count];
        await Parallel.ForAsync(0, names.Count, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken, TaskScheduler = TaskScheduler.Current }, async (i, token) =>
        {
            var file = result.Files[i];
            var etag = await PutFileAsync(result.Output, names[i], packed, file, token);
            files[i] = new ManifestFile(names[i], file.Value is null ? null : ScalarText.Read(result.PartitionType, file.Value).ToString(), etag, file.Hash, file.Rows, file.Bytes);
        });
        return files;
    }

    async Task<string> PutFileAsync(string output, string name, IObjectReader packed, PackedFile file, CancellationToken cancellationToken)
    {
        var path = ObjectPath.Combine(output, name);
        try
        {
            return await PutAsync(PutCondition.IfAbsent);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            try
            {
                return await AdoptAsync();
            }
            // Another writes it, or removes it, at this moment.
            catch (StorageException other) when (other.Failure is StorageFailure.Conflict or StorageFailure.Changed)
            {
                throw OutputLock.Lost(output);
            }
        }

        // An earlier try put it, or an equal result has it. Other bytes under a name that tells the content are damage.
        async Task<string> AdoptAsync()
        {
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
            await using var content = new CheckedStream(packed, file.Offset, file.Bytes, file.Hash);
            return (await state.PutAsync(path, content, condition, cancellationToken)).ETag;
        }
    }

    async Task RemoveAsync(string output, IReadOnlyList<string> names, HashSet<string> kept, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(names.Where(name => !kept.Contains(name) && HiveFiles.IsName(name)),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken, TaskScheduler = TaskScheduler.Current }, async (name, token) => await state.DeleteAsync($"{output}/{name}", token));
}
