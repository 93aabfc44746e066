namespace Fanfold.Storage;

/// <summary>Makes folders when something is put into them and removes them when nothing is left, while others do the same.</summary>
static class Folders
{
    /// <summary>Makes the folder and those above it, and makes their names survive a power cut.</summary>
    /// <exception cref="DirectoryNotFoundException">One of them was tidied away meanwhile.</exception>
    public static void Create(string folder)
    {
        if (Directory.Exists(folder)) return;
        var parent = Path.GetDirectoryName(folder);
        if (parent is not null) Create(parent);
        Directory.CreateDirectory(folder);
        if (parent is not null) Sync(parent);
    }

    /// <summary>Makes the names in a folder survive a power cut; a folder that was tidied away has none.</summary>
    public static void Sync(string folder)
    {
        try
        {
            if (OperatingSystem.IsLinux()) Linux.SyncFolder(folder);
        }
        catch (DirectoryNotFoundException) { }
    }

    /// <summary>Removes the folders that hold <paramref name="file"/> from the innermost outwards, as long as they are empty and below <paramref name="root"/>.</summary>
    public static void Tidy(string file, string root)
    {
        for (var folder = Path.GetDirectoryName(file); folder is not null && folder.Length > root.Length; folder = Path.GetDirectoryName(folder))
        {
            if (!TryRemove(folder)) return;
        }
    }

    /// <summary>A folder and those below it, the innermost first; links are not followed.</summary>
    public static IEnumerable<string> Below(string folder) => !Directory.Exists(folder) ? [] :
        Directory.EnumerateDirectories(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true })
            .OrderByDescending(static below => below.Length).Append(folder);

    public static void DeleteFile(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (DirectoryNotFoundException) { }
    }

    static bool TryRemove(string folder)
    {
        if (OperatingSystem.IsLinux()) return Linux.TryRemoveFolder(folder);
        if (new DirectoryInfo(folder).LinkTarget is not null) return false;
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
