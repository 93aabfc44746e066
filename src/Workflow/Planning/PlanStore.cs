using System.Security.Cryptography;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Planning;

/// <summary>Writes and reads plans in the run's state.</summary>
sealed class PlanStore(IObjectStore state, RunPaths paths)
{
    const int MaxHeader = 1 << 30;

    /// <summary>Writes a plan, the header last and once. Returns the header that counts: an earlier planner's where there is one.</summary>
    public async Task<PlanHeader> WriteAsync(PlanHeader header, IReadOnlyList<TaskSlice> slices, CancellationToken cancellationToken)
    {
        using var lines = new MemoryStream();
        var offsets = new long[slices.Count + 1];
        for (var i = 0; i < slices.Count; i++)
        {
            lines.Write(JsonSerializer.SerializeToUtf8Bytes(slices[i], WorkflowJson.Default.TaskSlice));
            lines.WriteByte((byte)'\n');
            offsets[i + 1] = lines.Length;
        }
        var hash = Hash(lines.GetBuffer().AsSpan(0, (int)lines.Length));
        lines.Position = 0;
        await PutSlicesAsync(paths.PlanSlices(hash), lines, cancellationToken);
        var complete = header with { SlicesHash = hash, SliceOffsets = offsets };
        try
        {
            await state.PutAsync(paths.PlanHeader, JsonSerializer.SerializeToUtf8Bytes(complete, WorkflowJson.Default.PlanHeader), PutCondition.IfAbsent, cancellationToken);
            return complete;
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            return await ReadHeaderAsync(cancellationToken) ?? throw Gone(paths);
        }
    }

    async Task PutSlicesAsync(string path, MemoryStream lines, CancellationToken cancellationToken)
    {
        try
        {
            await state.PutAsync(path, lines, PutCondition.IfAbsent, cancellationToken);
        }
        // Named by their content, so they are these.
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict) { }
    }

    /// <summary>Null when the run is not planned.</summary>
    public async Task<PlanHeader?> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        if (await state.ReadAllAsync(paths.PlanHeader, MaxHeader, cancellationToken) is not { } bytes) return null;
        return StoredJson.Read(bytes, WorkflowJson.Default.PlanHeader, PlanHeader.CurrentVersion, "plan", paths.RunId);
    }

    /// <summary>One task, in one ranged read.</summary>
    /// <param name="slices">As <see cref="OpenSlicesAsync"/> gives it.</param>
    public async Task<TaskSlice> ReadSliceAsync(PlanHeader header, IObjectReader slices, int index, CancellationToken cancellationToken)
    {
        var (start, end) = (header.SliceOffsets[index], header.SliceOffsets[index + 1]);
        if (slices.Properties.Length < end) throw SlicesChanged();
        var line = new byte[end - start];
        await slices.ReadAsync(start, line, cancellationToken);
        return Parse(line, index);
    }

    /// <summary>The tasks <paramref name="from"/> to <paramref name="to"/> − 1, in one ranged read.</summary>
    /// <param name="slices">As <see cref="OpenSlicesAsync"/> gives it.</param>
    public async Task<List<TaskSlice>> ReadSlicesAsync(PlanHeader header, IObjectReader slices, int from, int to, CancellationToken cancellationToken)
    {
        var (start, end) = (header.SliceOffsets[from], header.SliceOffsets[to]);
        if (slices.Properties.Length < end) throw SlicesChanged();
        var lines = new byte[end - start];
        await slices.ReadAsync(start, lines, cancellationToken);
        return [.. Enumerable.Range(from, to - from).Select(i => Parse(lines.AsSpan((int)(header.SliceOffsets[i] - start)..(int)(header.SliceOffsets[i + 1] - start)), i))];
    }

    public async Task<List<TaskSlice>> ReadSlicesAsync(PlanHeader header, CancellationToken cancellationToken)
    {
        await using var reader = await OpenSlicesAsync(header, cancellationToken);
        var bytes = new byte[reader.Properties.Length];
        await reader.ReadAsync(0, bytes, cancellationToken);
        if (Hash(bytes) != header.SlicesHash) throw SlicesChanged();
        return [.. Enumerable.Range(0, header.Tasks).Select(i => Parse(bytes.AsSpan((int)header.SliceOffsets[i]..(int)header.SliceOffsets[i + 1]), i))];
    }

    public async Task<IObjectReader> OpenSlicesAsync(PlanHeader header, CancellationToken cancellationToken) =>
        await state.OpenAsync(paths.PlanSlices(header.SlicesHash), cancellationToken) ?? throw SlicesChanged();

    TaskSlice Parse(ReadOnlySpan<byte> line, int index)
    {
        try
        {
            return JsonSerializer.Deserialize(line, WorkflowJson.Default.TaskSlice) is { } slice && slice.Index == index ? slice : throw SlicesChanged();
        }
        catch (JsonException)
        {
            throw SlicesChanged();
        }
    }

    static string Hash(ReadOnlySpan<byte> slices) => Convert.ToHexStringLower(SHA256.HashData(slices))[..16];

    RunStateException SlicesChanged() => RunStateException.Corrupt($"The tasks of run '{paths.RunId}' are not those that were planned");

    public static RunStateException Gone(RunPaths paths) => RunStateException.Corrupt($"The plan of run '{paths.RunId}' is gone");
}
