using System.Buffers;

namespace Fanfold.Storage;

/// <summary>Where a path lies in a storage account: its first name is the container's, the rest is the blob's name.</summary>
/// <param name="Name">Empty when the path is only a container's.</param>
readonly record struct BlobPath(string Container, string Name)
{
    const int MinContainer = 3, MaxContainer = 63;

    static readonly SearchValues<char> ContainerCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    public static BlobPath Of(string path)
    {
        var slash = ObjectPath.Validate(path).IndexOf('/');
        var container = slash < 0 ? path : path[..slash];
        if (!IsContainer(container))
            throw ObjectPath.Invalid(path, "in a blob store a path begins with a container, whose name has 3 to 63 lowercase letters, digits and single hyphens, as in 'lake/trips'");
        return new(container, slash < 0 ? "" : path[(slash + 1)..]);
    }

    /// <summary>As <see cref="Of"/>, for what can only be a blob.</summary>
    public static BlobPath OfBlob(string path) => Of(path) is { Name: not "" } blob ? blob
        : throw ObjectPath.Invalid(path, "in a blob store a path begins with a container and goes on with a name in it, as in 'lake/trips'");

    static bool IsContainer(string name) =>
        name.Length is >= MinContainer and <= MaxContainer && !name.AsSpan().ContainsAnyExcept(ContainerCharacters)
        && name[0] != '-' && name[^1] != '-' && !name.Contains("--", StringComparison.Ordinal);
}
