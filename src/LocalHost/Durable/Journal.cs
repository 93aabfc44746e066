using System.Runtime.CompilerServices;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Durable;

/// <summary>
/// The history of a workflow, in the state store: numbered segments, each put once, each a header and then an event a line. Whoever puts segment
/// <c>n</c> owns it, so of two drivers that both believe to be the only one, one fails at its next step.
/// </summary>
/// <remarks>
/// A segment that lost its end (a power cut, a copy that broke off) holds the events of its whole lines. Nothing was done because of the others:
/// a decision takes effect only after its segment is durable.
/// </remarks>
/// <param name="folder">Holds the segments.</param>
sealed class Journal(IObjectStore state, string runId, string folder)
{
    const int MaxSegment = 256 << 20;
    const int ReadAhead = 16;

    int _segments;
    long _events;

    /// <summary>All events in order. Read to its end before anything is appended.</summary>
    /// <exception cref="RunStateException">A newer build wrote it, or a part of it is missing.</exception>
    public async IAsyncEnumerable<HistoryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (_segments, _events) = (0, 0);
        var segments = await state.ListAsync(folder, cancellationToken).Where(entry => IsSegment(entry.Path)).ToListAsync(cancellationToken);
        foreach (var ahead in segments.Chunk(ReadAhead))
        {
            foreach (var (segment, content) in ahead.Zip(await Task.WhenAll(ahead.Select(segment => ReadAsync(segment, cancellationToken)))))
            {
                if (segment.Path != Segment(++_segments)) throw Broken($"segment {_segments} is missing");
                foreach (var historyEvent in Parse(content))
                {
                    _events++;
                    yield return historyEvent;
                }
            }
        }
    }

    /// <summary>Makes events durable.</summary>
    /// <exception cref="DriverReplacedException">Another driver has written the segment that would be this one.</exception>
    public async Task AppendAsync(IReadOnlyCollection<HistoryEvent> events, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        WriteLine(content, JsonSerializer.SerializeToUtf8Bytes(new SegmentHeader(SegmentHeader.CurrentVersion, _segments + 1, _events), JournalJson.Default.SegmentHeader));
        foreach (var historyEvent in events) WriteLine(content, JsonSerializer.SerializeToUtf8Bytes(historyEvent, JournalJson.Default.HistoryEvent));
        content.Position = 0;
        try
        {
            await state.PutAsync(Segment(_segments + 1), content, PutCondition.IfAbsent, cancellationToken);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            throw new DriverReplacedException(runId);
        }
        _segments++;
        _events += events.Count;
    }

    string Segment(int number) => Segment(folder, number);

    public static string Segment(string folder, int number) => $"{folder}/{number:D8}.jsonl";

    /// <summary>What people and their tools put beside the segments is not the journal's.</summary>
    bool IsSegment(string path) =>
        path.Length == Segment(0).Length && path.StartsWith(folder, StringComparison.Ordinal) && path.EndsWith(".jsonl", StringComparison.Ordinal) && !path.AsSpan(folder.Length + 1, 8).ContainsAnyExceptInRange('0', '9');

    static void WriteLine(MemoryStream content, byte[] json)
    {
        content.Write(json);
        content.WriteByte((byte)'\n');
    }

    async Task<byte[]> ReadAsync(ObjectProperties segment, CancellationToken cancellationToken)
    {
        if (segment.Length > MaxSegment) throw Broken($"'{segment.Path}' has {segment.Length} bytes, more than any segment");
        try
        {
            await using var reader = await state.OpenAsync(segment, cancellationToken);
            var content = new byte[segment.Length];
            await reader.ReadAsync(0, content, cancellationToken);
            return content;
        }
        // Segments are written once, so only a purge that had lost its claim to the run can have taken it.
        catch (StorageException gone) when (gone.Failure == StorageFailure.Changed)
        {
            throw Broken($"'{segment.Path}' was removed or replaced while it was read");
        }
    }

    List<HistoryEvent> Parse(byte[] content)
    {
        var events = new List<HistoryEvent>();
        var rest = content.AsSpan();
        for (var line = 0; rest.IndexOf((byte)'\n') is var end and >= 0; line++, rest = rest[(end + 1)..])
        {
            try
            {
                if (line == 0) Check(rest[..end]);
                else events.Add(JsonSerializer.Deserialize(rest[..end], JournalJson.Default.HistoryEvent) is { IsWhole: true } whole ? whole : throw Broken($"line {line + 1} of segment {_segments} is no event"));
            }
            catch (JsonException)
            {
                // From here on the segment is torn. Whether the next one goes on after the whole lines tells its header.
                break;
            }
        }
        return events;
    }

    void Check(ReadOnlySpan<byte> line)
    {
        var header = StoredJson.Read(line, JournalJson.Default.SegmentHeader, SegmentHeader.CurrentVersion, "journal", runId);
        if (header.Segment != _segments || header.FirstEvent != _events) throw Broken($"segment {_segments} goes on after {header.FirstEvent} events, and {_events} are there");
    }

    RunStateException Broken(string defect) => RunStateException.Corrupt($"The journal of run '{runId}' is not whole ({defect})");
}
