using System.Text.Json.Serialization;
using Azure.Core;
using Fanfold.Storage;

namespace Fanfold.Worker;

/// <summary>A store as both processes can open it.</summary>
/// <param name="Address">The absolute path of a directory, or the URL of a blob service: <c>https</c> with a token, <c>http</c> for Azurite on this machine. Holds no secret.</param>
public sealed record StoreLocation(string Address)
{
    // On this machine nothing comes back that is not there after three seconds, and what has no answer after eight has none coming: a request to a store that
    // hangs is given up after its second try, and a run that meets one within a minute.
    static BlobRequestOptions OnThisMachine => new() { RetryDelay = TimeSpan.FromMilliseconds(100), NetworkTimeout = TimeSpan.FromSeconds(8), Patience = TimeSpan.FromSeconds(10) };

    /// <summary>Whether requests carry a bearer token.</summary>
    [JsonIgnore]
    public bool NeedsToken => Address.StartsWith("https://", StringComparison.Ordinal);

    [JsonIgnore]
    public bool IsBlob => NeedsToken || Address.StartsWith("http://", StringComparison.Ordinal);

    /// <param name="credential">For a store that needs a token.</param>
    public IObjectStore Open(TokenCredential? credential) =>
        NeedsToken ? new BlobObjectStore(new Uri(Address), credential ?? throw new InvalidOperationException($"'{Address}' needs a token, and there is none"))
        : IsBlob ? BlobObjectStore.InAzurite(new Uri(Address), OnThisMachine)
        : new DirectoryObjectStore(Address);
}
