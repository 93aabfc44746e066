using System.Text.Json.Serialization;
using Azure.Core;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>A store as both processes can open it.</summary>
/// <param name="Address">The absolute path of a directory, or the URL of a blob service: <c>https</c> with a token, <c>http</c> for Azurite on this machine. Holds no secret.</param>
public sealed record StoreLocation(string Address)
{
    /// <summary>Whether requests carry a bearer token.</summary>
    [JsonIgnore]
    public bool NeedsToken => Address.StartsWith("https://", StringComparison.Ordinal);

    [JsonIgnore]
    public bool IsBlob => NeedsToken || Address.StartsWith("http://", StringComparison.Ordinal);

    /// <param name="credential">For a store that needs a token.</param>
    public IObjectStore Open(TokenCredential? credential) =>
        NeedsToken ? new BlobObjectStore(new Uri(Address), credential ?? throw new InvalidOperationException($"'{Address}' needs a token, and there is none"))
        // On this machine nothing comes back that is not there after three seconds.
        : IsBlob ? BlobObjectStore.InAzurite(new Uri(Address), new BlobRequestOptions { RetryDelay = TimeSpan.FromMilliseconds(100) })
        : new DirectoryObjectStore(Address);
}
