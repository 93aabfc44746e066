using System.Security.Cryptography;
using System.Text;

namespace Fanfold.Workflow.Triggers;

/// <summary>
/// An object whose arrival asks for a run: <c>requests/{name}.run.json</c> in the state store, which is the spec, or <c>{folder}/_SUCCESS</c> in the data store, where
/// <c>{folder}/_run.json</c> is the spec. In a blob store the first name of a path is the container's.
/// </summary>
/// <param name="Path">Of the object in its store.</param>
/// <param name="SpecPath">Of the spec in the same store.</param>
public sealed record RunTrigger(string Path, string SpecPath)
{
    /// <summary>The folder of requests in the state store, and of what becomes of them; a container in a blob store.</summary>
    public const string Requests = "requests";

    const string RequestEnd = ".run.json", LandedEnd = "/_SUCCESS", LandedSpec = "/_run.json";

    const int MaxSlug = 40, IdHash = 20, PlaceHash = 32;

    // Folders of a disk take names of 255 bytes, and the ends of answers are longer than that of requests.
    const int MaxName = 240, MaxPath = 1000;

    /// <summary>Null for a path in the state store that is no request.</summary>
    public static RunTrigger? OfState(string path) =>
        path.StartsWith(Requests + "/", StringComparison.Ordinal) && path.EndsWith(RequestEnd, StringComparison.Ordinal) && path[^(RequestEnd.Length + 1)] != '/' ? new(path, path) : null;

    /// <summary>Null for a path in the data store that marks no folder as complete.</summary>
    public static RunTrigger? OfData(string path) =>
        path.EndsWith(LandedEnd, StringComparison.Ordinal) && path.Length > LandedEnd.Length ? new(path, path[..^LandedEnd.Length] + LandedSpec) : null;

    /// <summary>Whether a path in the data store may be the spec of a folder.</summary>
    public static bool IsSpecOfData(string path) => path.EndsWith(LandedSpec, StringComparison.Ordinal);

    bool IsRequest => Path == SpecPath;

    /// <summary>What people call it: the request's name, or the folder's path.</summary>
    string Name => IsRequest ? Path[(Requests.Length + 1)..^RequestEnd.Length] : Path[..^LandedEnd.Length];

    /// <summary>The id of the run that one version asks for, whoever tells of it and however often.</summary>
    /// <param name="etag">Of the object at <see cref="Path"/>; quotes around it make no difference.</param>
    public string RunId(string etag) => $"{Slug(Name)}-{Hash($"{Path}\n{Bare(etag)}", IdHash)}";

    /// <summary>Where in the state store a refusal is told: beside the request; for a folder, which is not ours to write to, under the run's id.</summary>
    public string ErrorPath(string runId) => IsRequest && !IsLong ? $"{Requests}/{Name}.error.json" : $"{Requests}/{runId}.error.json";

    /// <summary>Where in the state store is told which run was started last for this path.</summary>
    public string StartedPath => IsRequest && !IsLong ? $"{Requests}/{Name}.started.json" : $"{Requests}/{Slug(Name)}-{Hash(Path, PlaceHash)}.started.json";

    bool IsLong => Encoding.UTF8.GetByteCount(Path) > MaxPath || Encoding.UTF8.GetByteCount(Path.AsSpan(Path.LastIndexOf('/') + 1)) > MaxName;

    internal static string Bare(string etag) => (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');

    static string Hash(string text, int digits) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..digits];

    static string Slug(string name)
    {
        var slug = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c)) slug.Append(char.ToLowerInvariant(c));
            else if (slug.Length > 0 && slug[^1] != '-') slug.Append('-');
            if (slug.Length == MaxSlug) break;
        }
        return slug.ToString().Trim('-') is { Length: > 0 } text ? text : "run";
    }
}
