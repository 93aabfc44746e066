using Fanfold.Engine.Parquet;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>Puts a part under its name, once.</summary>
public static class PartWriter
{
    internal static Task<(PartReference Part, bool Adopted)> PutAsync(IObjectStore state, string path, Spool spool, long rows, CancellationToken cancellationToken) =>
        PutAsync(state, path, spool, rows, ResultFormat.Parquet, cancellationToken);

    /// <summary>
    /// A part that is already there was written by an earlier attempt, or by this one whose reply was lost. Equal bytes are
    /// this task's own; other bytes are kept, since a receipt may name them, and reported as adopted.
    /// </summary>
    internal static async Task<(PartReference Part, bool Adopted)> PutAsync(IObjectStore state, string path, Spool spool, long rows, ResultFormat format, CancellationToken cancellationToken)
    {
        try
        {
            var put = await state.PutAsync(path, spool.Rewind(), PutCondition.IfAbsent, cancellationToken);
            return (new PartReference(path, put.ETag, spool.Hash, rows, spool.Length), false);
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            await using var existing = await state.OpenAsync(path, cancellationToken)
                ?? throw new StorageException(StorageFailure.Unreachable, path, $"the part '{path}' was there and is gone; another try may work", conflict);
            var properties = existing.Properties;
            var hash = await HashAsync(existing, spool.Kind, cancellationToken);
            if (hash == spool.Hash) return (new PartReference(path, properties.ETag, hash, rows, properties.Length), false);
            return (new PartReference(path, properties.ETag, hash, await RowsAsync(existing, format, cancellationToken), properties.Length), true);
        }
    }

    static async Task<long> RowsAsync(IObjectReader existing, ResultFormat format, CancellationToken cancellationToken) => format switch
    {
        ResultFormat.Csv => await CsvRowsAsync(existing, cancellationToken),
        ResultFormat.Hive => (await PackedList.ReadAsync(existing, cancellationToken)).Sum(file => file.Rows),
        _ => (await FooterReader.ReadAsync(new ObjectSource(existing, new Traffic()), cancellationToken)).Rows,
    };

    /// <summary>Lines that end outside of quotes, the header not counted.</summary>
    static async Task<long> CsvRowsAsync(IObjectReader existing, CancellationToken cancellationToken)
    {
        var (lines, quoted) = (0L, false);
        await ReadAsync(existing, bytes =>
        {
            foreach (var b in bytes)
            {
                if (b == '"') quoted = !quoted;
                else if (b == '\n' && !quoted) lines++;
            }
        }, cancellationToken);
        return Math.Max(0, lines - 1);
    }

    /// <summary>The hash of an object's bytes.</summary>
    public static async Task<string> HashAsync(IObjectReader reader, HashKind kind, CancellationToken cancellationToken)
    {
        using var hash = new ContentHash(kind);
        await ReadAsync(reader, hash.Append, cancellationToken);
        return hash.ToString();
    }

    static async Task ReadAsync(IObjectReader reader, Action<ReadOnlySpan<byte>> take, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(1 << 20, Math.Max(1, reader.Properties.Length))];
        for (long offset = 0; offset < reader.Properties.Length; offset += buffer.Length)
        {
            var slice = buffer.AsMemory(0, (int)Math.Min(buffer.Length, reader.Properties.Length - offset));
            await reader.ReadAsync(offset, slice, cancellationToken);
            take(slice.Span);
        }
    }
}
