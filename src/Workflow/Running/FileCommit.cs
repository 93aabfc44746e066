using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

/// <summary>Commits a result that is one file: the file, then the manifest that names its version. One run at a time does, by the output's lock; one that lost it and does not know conflicts.</summary>
sealed class FileCommit(IObjectStore state, TimeProvider time)
{
    const int MaxJson = 1 << 30;

    /// <param name="manifest">Makes the manifest of the file as it was put.</param>
    /// <exception cref="StorageException"><see cref="StorageFailure.Conflict"/> when another run got between, before this one's result was there with its manifest or right after.</exception>
    public Task CommitAsync(string output, PlanHeader header, PartReference part, Func<PartReference, Manifest> manifest, CancellationToken cancellationToken) =>
        OutputLock.HoldAsync(state, output, time, async token =>
        {
            var put = part with { Path = output, ETag = await PutFileAsync(output, header.OutputETag, part, token) };
            await PutManifestAsync(RunPaths.Manifest(output), header, manifest(put), token);
            await using var there = await state.OpenAsync(output, token);
            if (there?.Properties.ETag != put.ETag) throw new StorageException(StorageFailure.Conflict, output, $"'{output}' was replaced before its manifest was there");
        }, cancellationToken);

    async Task<string> PutFileAsync(string path, string? etag, PartReference part, CancellationToken cancellationToken)
    {
        await using var source = await state.OpenAsync(part.Properties, cancellationToken);
        try
        {
            await using var content = new CheckedStream(source, 0, part.Bytes, part.Hash);
            return (await state.PutAsync(path, content, PutCondition.Over(etag), cancellationToken)).ETag;
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            if (await FindAsync(path, part, cancellationToken) is not { } found) throw;
            return found;
        }
    }

    /// <summary>The version of the file that an earlier delivery of this activity may have put already.</summary>
    async Task<string?> FindAsync(string path, PartReference part, CancellationToken cancellationToken)
    {
        try
        {
            await using var existing = await state.OpenAsync(path, cancellationToken);
            return existing is not null && await PartWriter.HashAsync(existing, HashKind.Sha256, cancellationToken) == part.Hash ? existing.Properties.ETag : null;
        }
        catch (StorageException replaced) when (replaced.Failure == StorageFailure.Changed)
        {
            return null;
        }
    }

    async Task PutManifestAsync(string path, PlanHeader header, Manifest manifest, CancellationToken cancellationToken)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(manifest, WorkflowJson.Default.Manifest);
        try
        {
            await state.PutAsync(path, content, PutCondition.Over(header.ManifestETag), cancellationToken);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            if (await state.ReadVersionAsync(path, MaxJson, cancellationToken) is not var (json, etag)) throw;
            var existing = Read(json);
            // An earlier delivery's of this drive, since it is not the one that was there at plan time. It may differ in what is incidental: another build wrote it, or a record has gone since.
            if (existing is not null && existing.RunId == manifest.RunId && (existing.Result.ETag, existing.Result.Hash) == (manifest.Result.ETag, manifest.Result.Hash)) return;
            // Whoever put the file that this one has replaced came late with its manifest, which names nothing by now.
            if (header.OutputETag is null || existing?.Result.ETag != header.OutputETag) throw;
            await state.PutAsync(path, content, PutCondition.IfMatch(etag), cancellationToken);
        }
    }

    /// <summary>Null when it can't be read.</summary>
    static Manifest? Read(byte[] manifest)
    {
        try
        {
            return JsonSerializer.Deserialize(manifest, WorkflowJson.Default.Manifest);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
