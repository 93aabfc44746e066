using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// Names the files of a hive result below its folder: <c>column=value/part-NNNNN-HASH.parquet</c>, numbered through the result. HASH stands for the result and for the
/// version of the manifest that it follows, so that what has been removed is never put again under its name.
/// </summary>
static partial class HiveFiles
{
    const int HashCharacters = 16;

    /// <summary>The longest of what follows the folder of the result in a path.</summary>
    public const int MaxBytes = 1 + HiveFolder.MaxBytes + 64;

    /// <summary>SHA-256 over a line for each file, its hash, two spaces, and its folder and number.</summary>
    public static string Hash(IReadOnlyList<PackedFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < files.Count; i++) hash.AppendData(Encoding.UTF8.GetBytes($"{files[i].Hash}  {files[i].Folder}/{i}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>HASH of a result.</summary>
    /// <param name="hash">Of the result.</param>
    /// <param name="follows">The version of the manifest that was there before; null for none.</param>
    public static string Suffix(string hash, string? follows) =>
        (follows is null ? hash : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{hash}  {follows}\n"))))[..HashCharacters];

    public static string Name(PackedFile file, int index, string suffix) => $"{file.Folder}/part-{index:D5}-{suffix}.parquet";

    /// <summary>HASH of a name; null when it can't be one of a hive result's files.</summary>
    public static string? SuffixOf(string name) => Shape().Match(name) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>Whether a name that was stored can be one of a hive result's files, and so may be deleted.</summary>
    public static bool IsName(string name) => SuffixOf(name) is not null;

    [GeneratedRegex(@"^[^/\\]+=[^/\\]*/part-[0-9]{5,}-([0-9a-f]{16})\.parquet\z")]
    private static partial Regex Shape();
}
