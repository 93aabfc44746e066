using Azure.Core;

namespace Fanfold.Storage;

/// <summary>A credential whose failures are told from those of the store: a library that gets tokens has exceptions of its own.</summary>
sealed class BlobCredential(TokenCredential credential) : TokenCredential
{
    public override async ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        try
        {
            return await credential.GetTokenAsync(requestContext, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new NoTokenException(e);
        }
    }

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The store sends its requests asynchronously.");
}

sealed class NoTokenException(Exception inner) : Exception(inner.Message, inner);
