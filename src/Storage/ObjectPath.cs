using System.Text;

namespace Fanfold.Storage;

/// <summary>The rules for paths that all stores share (see <see cref="IObjectStore"/>), and the order in which stores list them.</summary>
public static class ObjectPath
{
    /// <summary>The longest path, in UTF-8 bytes.</summary>
    public const int MaxBytes = 1024;

    const int ShownCharacters = 200;

    /// <summary>Ascending order of the UTF-8 bytes, without encoding them.</summary>
    public static IComparer<string> Order { get; } = Comparer<string>.Create(Compare);

    /// <summary>Returns <paramref name="path"/> when a store accepts it.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.InvalidPath"/>, with the reason.</exception>
    public static string Validate(string path) => Defect(path) is { } defect ? throw Invalid(path, defect) : path;

    /// <summary>As <see cref="Validate"/>; the empty folder is the whole store.</summary>
    public static string ValidateFolder(string folder) => folder.Length == 0 ? folder : Validate(folder);

    /// <summary>The path of <paramref name="path"/> inside <paramref name="folder"/>, which may be empty.</summary>
    /// <exception cref="StorageException"><see cref="StorageFailure.InvalidPath"/> when the result is no path.</exception>
    public static string Combine(string folder, string path) => Validate(folder.Length == 0 ? path : folder + "/" + path);

    internal static StorageException Invalid(string path, string defect)
    {
        // The path may come from a stranger: it must not break a log line or fill a page.
        var shown = string.Concat(path.Take(ShownCharacters).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
        return new(StorageFailure.InvalidPath, path, $"'{shown}' is not a path in this store: {defect}.");
    }

    static string? Defect(string path)
    {
        if (path.Length == 0) return "it is empty";
        foreach (var range in path.AsSpan().Split('/'))
        {
            switch (path.AsSpan(range))
            {
                case "": return "it begins or ends with '/' or has '//'";
                case "." or "..": return "'.' and '..' are not names";
            }
        }
        for (var rest = path.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) != System.Buffers.OperationStatus.Done) return "it is not valid Unicode";
            if (Rune.IsControl(rune)) return "it has a control character";
            if (rune.Value == '\\') return "it has a backslash; folders are separated by '/'";
            rest = rest[used..];
        }
        return Encoding.UTF8.GetByteCount(path) > MaxBytes ? $"it is longer than {MaxBytes} bytes" : null;
    }

    static int Compare(string? left, string? right)
    {
        if (left is null || right is null) return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[common]).CompareTo(Rank(right[common]));
    }

    // Surrogates stand for code points above U+FFFF, yet as UTF-16 units they come before U+E000.
    static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
