using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>
/// Names the files of a hive result below its folder: <c>column=value/part-NNNNN-HASH.parquet</c>, numbered through the result. HASH is the beginning of the
/// result's hash, so that equal results have equal names and others share none.
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

    /// <param name="hash">Of the result.</param>
    public static string Name(PackedFile file, int index, string hash) => $"{file.Folder}/part-{index:D5}-{hash[..HashCharacters]}.parquet";

    /// <summary>Whether a name that was stored can be one of a hive result's files, and so may be deleted.</summary>
    public static bool IsName(string name) => Shape().IsMatch(name);

    [GeneratedRegex(@"^[^/\\]+=[^/\\]*/part-[0-9]{5,}-[0-9a-f]{16}\.parquet\z")]
    private static partial Regex Shape();
}
