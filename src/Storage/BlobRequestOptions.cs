using System.Net;
using Azure.Core.Pipeline;

namespace Fanfold.Storage;

/// <summary>How a blob store sends its requests. The defaults suit Azure; a test gives its own transport and short times.</summary>
public sealed record BlobRequestOptions
{
    /// <value>The HTTP client that the process shares.</value>
    public HttpPipelineTransport? Transport { get; init; }

    /// <summary>The wait before the first of 5 retries; each further one waits twice as long, 6 s at most, or as long as the service asks.</summary>
    /// <value>0.8 s.</value>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.8);

    /// <summary>How long one try may last until it is answered, and then pause between two pieces of the body.</summary>
    /// <value>25 s, in which a weak line sends a block.</value>
    public TimeSpan NetworkTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How long after a request was first sent it may be sent again. A service that stays silent is given up within this, one wait and one <see cref="NetworkTimeout"/> more.</summary>
    /// <value>27 s, in which all retries fit that are answered, and one that follows on silence.</value>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(27);

    /// <summary>The most that one request of a put sends; longer content goes in blocks of that size.</summary>
    internal int BlockBytes { get; init; } = BlobBlock.DefaultBytes;

    /// <summary>Looks a host up; throws when there is none. Asked when no token could be got, since an account's name that is wrong is the likelier cause.</summary>
    internal Func<string, CancellationToken, Task> FindHost { get; init; } = static (host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);

    /// <summary>Times the renewals of leases.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
