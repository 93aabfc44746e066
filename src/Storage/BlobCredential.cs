using System.Net.Sockets;
using Azure.Core;

namespace Fanfold.Storage;

/// <summary>A credential whose failures are told from those of the store: a library that gets tokens has exceptions of its own.</summary>
/// <param name="findHost">Throws when the store's host does not exist, which no token would mend.</param>
sealed class BlobCredential(TokenCredential credential, Func<CancellationToken, Task> findHost) : TokenCredential
{
    public override async ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        try
        {
            return await credential.GetTokenAsync(requestContext, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await RequireHostAsync(cancellationToken);
            throw new NoTokenException(e);
        }
    }

    async Task RequireHostAsync(CancellationToken cancellationToken)
    {
        try
        {
            await findHost(cancellationToken);
        }
        catch (SocketException e)
        {
            throw new NoHostException(e);
        }
    }

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The store sends its requests asynchronously.");
}

sealed class NoTokenException(Exception inner) : Exception(inner.Message, inner);

sealed class NoHostException(SocketException inner) : Exception(inner.Message, inner);
