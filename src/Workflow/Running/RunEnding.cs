using System.Security.Cryptography;
using System.Text.Json;
using Fanfold.Storage;

namespace Fanfold.Workflow.Running;

/// <summary>
/// A run's outcome in its state: the record that <c>status.json</c> becomes once nothing is left to do. It is written once, so whoever ends the run
/// anew ends it alike.
/// </summary>
public static class RunEnding
{
    const int MaxJson = 16 << 20;

    /// <summary>The end that is on record, which may be another delivery's.</summary>
    public static async Task<RunEnd> WriteAsync(IObjectStore state, RunPaths paths, RunRecord record, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(record, WorkflowJson.Default.RunRecord);
        try
        {
            await state.PutAsync(paths.Ending, json, PutCondition.IfAbsent, cancellationToken);
            return End(record, json);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            return await ReadAsync(state, paths, cancellationToken) ?? throw Gone(paths);
        }
    }

    /// <summary>Null when the run's outcome is not known.</summary>
    public static async Task<RunEnd?> ReadAsync(IObjectStore state, RunPaths paths, CancellationToken cancellationToken) =>
        await state.ReadAllAsync(paths.Ending, MaxJson, cancellationToken) is { } json ? End(Parse(json, paths), json) : null;

    /// <summary>The record of an end.</summary>
    public static async Task<RunRecord> ReadRecordAsync(IObjectStore state, RunPaths paths, RunEnd end, CancellationToken cancellationToken)
    {
        var json = await state.ReadAllAsync(paths.Ending, MaxJson, cancellationToken) ?? throw Gone(paths);
        var record = Parse(json, paths);
        return End(record, json) == end ? record : throw RunStateException.Corrupt($"The outcome of run '{paths.RunId}' is not the one that its history names");
    }

    static RunEnd End(RunRecord record, byte[] json) => new(record.Status, Convert.ToHexStringLower(SHA256.HashData(json)));

    static RunRecord Parse(byte[] json, RunPaths paths) => StoredJson.Read(json, WorkflowJson.Default.RunRecord, RunRecord.CurrentVersion, "outcome", paths.RunId);

    static RunStateException Gone(RunPaths paths) => RunStateException.Corrupt($"The outcome of run '{paths.RunId}' is gone");
}
