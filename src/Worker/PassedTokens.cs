using Azure.Core;

namespace Fanfold.Worker;

/// <summary>An access token as the parent passes it to a worker, a line of JSON on stdin after the task.</summary>
public sealed record PassedToken(string Token, DateTimeOffset ExpiresOn);

/// <summary>The tokens that the parent passes: it holds the identity, and passes a new one before the last expires.</summary>
public sealed class PassedTokens : TokenCredential
{
    readonly Lock _lock = new();
    TaskCompletionSource<PassedToken> _latest = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(PassedToken token)
    {
        lock (_lock)
        {
            if (_latest.Task.IsCompleted) _latest = new TaskCompletionSource<PassedToken>(TaskCreationOptions.RunContinuationsAsynchronously);
            _latest.SetResult(token);
        }
    }

    /// <summary>The latest token, for which the first caller waits.</summary>
    public override async ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        Task<PassedToken> latest;
        lock (_lock) latest = _latest.Task;
        var token = await latest.WaitAsync(cancellationToken);
        return new AccessToken(token.Token, token.ExpiresOn);
    }

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Stores ask asynchronously.");
}
