using System.Buffers.Binary;
using System.Text.Json;
using Fanfold.Engine;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>A file inside an object that holds many.</summary>
/// <param name="Folder">The folder that it is for.</param>
/// <param name="Value">The partition, as <see cref="ScalarText"/>.</param>
/// <param name="Hash">SHA-256, lower-case hex.</param>
public sealed record PackedFile(string Folder, string? Value, long Offset, long Bytes, string Hash, long Rows);

/// <summary>
/// Many files in one object, so that ten thousand of them are one put: file after file, then the list of them as JSON, and the list's length in eight bytes,
/// little-endian.
/// </summary>
/// <param name="account">Charged for the list.</param>
sealed class PackedFiles(Stream output, MemoryAccount account) : IDisposable
{
    /// <summary>What an entry takes beside its names, as an object and as JSON.</summary>
    const int EntryBytes = 800;


    readonly List<PackedFile> _files = [];
    PackedStream? _file;
    long _position;
    long _charged;

    /// <summary>The stream to write the next file to.</summary>
    public Stream Begin() => _file = new PackedStream(output);

    public void End(string folder, string? value, long rows)
    {
        using var file = _file!;
        var bytes = EntryBytes + 6L * (folder.Length + (value?.Length ?? 0));
        account.Charge(bytes);
        _charged += bytes;
        _files.Add(new PackedFile(folder, value, _position, file.Length, file.Hash, rows));
        _position += file.Length;
    }

    public void Complete()
    {
        var list = JsonSerializer.SerializeToUtf8Bytes(_files, WorkerJson.Default.IReadOnlyListPackedFile);
        output.Write(list);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, list.Length);
        output.Write(length);
    }

    public void Dispose()
    {
        _file?.Dispose();
        account.Release(_charged);
    }
}

/// <summary>Reads the list of an object of packed files.</summary>
public static class PackedList
{
    const int MaxBytes = 1 << 30;

    /// <exception cref="ParquetDataException">The object has no such list, or one that points outside.</exception>
    public static async Task<IReadOnlyList<PackedFile>> ReadAsync(IObjectReader reader, CancellationToken cancellationToken)
    {
        var length = new byte[sizeof(long)];
        var end = reader.Properties.Length - length.Length;
        if (end < 0) throw Broken(reader);
        await reader.ReadAsync(end, length, cancellationToken);
        var bytes = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (bytes < 0 || bytes > Math.Min(MaxBytes, end)) throw Broken(reader);
        var list = new byte[bytes];
        await reader.ReadAsync(end - bytes, list, cancellationToken);
        try
        {
            var files = JsonSerializer.Deserialize(list, WorkerJson.Default.IReadOnlyListPackedFile) ?? [];
            return files.All(file => file.Offset >= 0 && file.Bytes >= 0 && file.Bytes <= end - bytes - file.Offset) ? files : throw Broken(reader);
        }
        catch (JsonException)
        {
            throw Broken(reader);
        }
    }

    static ParquetDataException Broken(IObjectReader reader) => new ParquetDataException(ParquetDefect.Corrupt, "it does not end in a list of files").At(reader.Properties.Path);
}
