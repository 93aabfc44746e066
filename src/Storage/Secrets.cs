using System.Text.RegularExpressions;

namespace Fanfold.Storage;

/// <summary>Keys and signatures that came in by mistake: they are not repeated, and do not become names of folders.</summary>
public static partial class Secrets
{
    const string Hidden = "$1***";

    /// <summary>The text without what follows the name of a secret.</summary>
    public static string Hide(string text) => NamedSecret().Replace(text, Hidden);

    /// <summary>Whether the text is made like a connection string or a signed URL, whole or not.</summary>
    public static bool MayBeIn(string text) => NamedSecret().IsMatch(text) || ConnectionString().IsMatch(text);

    [GeneratedRegex(@"((?:(?:\b|%3F|%26)sig|AccountKey|AccessKey|SharedAccessSignature|password|pwd)\s*(?:=|%3D)\s*)[^&;\s'""]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NamedSecret();

    [GeneratedRegex(@"\b(?:AccountName|DefaultEndpointsProtocol|BlobEndpoint|EndpointSuffix|UseDevelopmentStorage|SharedAccess\w*|AccountKey)\s*=", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ConnectionString();
}
