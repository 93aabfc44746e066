using Azure;

namespace Fanfold.Storage;

/// <summary>ETags without the quotes that they have in headers.</summary>
static class BlobETag
{
    public static string Of(ETag etag) => etag.ToString().Trim('"');

    public static ETag ToHeader(string etag) => new($"\"{etag}\"");

    /// <summary>Whether the text can be the ETag of one version. Others match nothing here, while to the service <c>*</c> is any version.</summary>
    public static bool IsOne(string etag) => etag is not ("" or "*") && !etag.AsSpan().ContainsAnyExceptInRange('!', '~') && !etag.Contains('"', StringComparison.Ordinal);
}
