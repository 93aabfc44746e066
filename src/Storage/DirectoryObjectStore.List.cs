using System.IO.Enumeration;
using System.Runtime.CompilerServices;

namespace Fanfold.Storage;

public sealed partial class DirectoryObjectStore
{
    static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <inheritdoc/>
    /// <remarks>One folder is read at a time. Only files are listed, and those whose names no path can have are listed too: opening one says why not.</remarks>
    public async IAsyncEnumerable<ObjectProperties> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.ValidateFolder(folder);
        var start = await Guarded(folder, _root, () => Task.FromResult(Start(folder)));
        if (start is { IsFile: true } file) yield return new(folder, file.Length, file.ETag);
        if (start is not { IsFolder: true } version) yield break;

        var visit = await ReadAsync(null, folder.Length == 0 ? "" : folder + "/", version, cancellationToken);
        while (visit is not null)
        {
            if (visit.Seen == visit.Entries.Count)
            {
                visit = visit.Parent;
                continue;
            }
            cancellationToken.ThrowIfCancellationRequested();
            var entry = visit.Entries[visit.Seen++];
            var path = visit.Prefix + entry.Name;
            if (entry.Version.IsFile) yield return new(path, entry.Version.Length, entry.Version.ETag);
            else if (!visit.Holds(entry.Version)) visit = await ReadAsync(visit, path, entry.Version, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListFoldersAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.ValidateFolder(folder);
        if (await Guarded(folder, _root, () => Task.FromResult(Start(folder))) is not { IsFolder: true } version) yield break;
        var visit = await ReadAsync(null, folder.Length == 0 ? "" : folder + "/", version, cancellationToken);
        foreach (var entry in visit.Entries)
        {
            if (entry.Version.IsFolder) yield return entry.Name[..^1];
        }
    }

    FileVersion? Start(string folder)
    {
        if (FileVersion.Of(_root) is not { IsFolder: true })
            throw new StorageException(StorageFailure.NotFound, folder, $"There is no folder '{_root}'. Name the one that holds the data, or make it.");
        return IsReserved(Path.GetFileName(folder)) ? null : FileVersion.Of(Path.Join(_root, folder));
    }

    Task<FolderVisit> ReadAsync(FolderVisit? parent, string prefix, FileVersion version, CancellationToken cancellationToken)
    {
        var folder = Path.Join(_root, prefix);
        return Guarded(prefix.TrimEnd('/'), folder, () => Task.Run(() =>
        {
            var entries = Entries(folder);
            entries.Sort((left, right) => ObjectPath.Order.Compare(left.Name, right.Name));
            return new FolderVisit(parent, prefix, version, entries);
        }, cancellationToken));
    }

    static List<Entry> Entries(string folder)
    {
        var entries = new List<Entry>();
        try
        {
            foreach (var name in new FileSystemEnumerable<string>(folder, (ref entry) => entry.FileName.ToString(), Everything))
            {
                if (IsReserved(name)) continue;
                var version = FileVersion.Of(Path.Join(folder, name));
                if (version is null && name.Contains('\uFFFD'))
                    throw ObjectPath.Invalid(Path.Join(folder, name), "its name on disk is not UTF-8; rename it");
                if (version is { IsFolder: true } below) entries.Add(new(name + "/", below));
                else if (version is { IsFile: true } file) entries.Add(new(name, file));
                else if (version is null && IsLink(Path.Join(folder, name))) entries.Add(new(name, FileVersion.Nothing));
            }
        }
        // Deleted since the folder above was read.
        catch (DirectoryNotFoundException) { }
        return entries;
    }

    /// <param name="Name">A folder's ends with '/', by which it sorts among files as all the paths below it do.</param>
    readonly record struct Entry(string Name, FileVersion Version);

    sealed record FolderVisit(FolderVisit? Parent, string Prefix, FileVersion Version, List<Entry> Entries)
    {
        public int Seen { get; set; }

        /// <summary>Whether the folder is this one or one above it, so that a link led back.</summary>
        public bool Holds(FileVersion folder) => Version.IsSameFolder(folder) || (Parent?.Holds(folder) ?? false);
    }
}
