using Azure.Core;
using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.Workflow.Tests.Storage;

public sealed class BlobFailuresTests(Azurite azurite) : BlobStoreTest(azurite)
{
    const string Token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.canary.canary-canary";

    static readonly Uri Account = new("https://account.example");

    [Theory]
    [InlineData(401, "NoAuthenticationInformation", StorageFailure.AccessDenied, "Storage Blob Data Reader")]
    [InlineData(403, "AuthorizationPermissionMismatch", StorageFailure.AccessDenied, "Storage Blob Data Contributor")]
    [InlineData(403, "AuthorizationFailure", StorageFailure.AccessDenied, "network rules")]
    [InlineData(409, "BlobArchived", StorageFailure.AccessDenied, "archive")]
    [InlineData(409, "ContainerBeingDeleted", StorageFailure.Unreachable, "minute")]
    [InlineData(400, "InvalidHeaderValue", StorageFailure.Unreachable, "Azurite")]
    [InlineData(400, "InvalidUri", StorageFailure.InvalidPath, "InvalidUri")]
    [InlineData(500, "OperationTimedOut", StorageFailure.Unreachable, "500 OperationTimedOut")]
    [InlineData(504, "", StorageFailure.Unreachable, "504")]
    [InlineData(503, "ServerBusy", StorageFailure.Throttled, "ServerBusy")]
    [InlineData(418, "Teapot", StorageFailure.Unreachable, "418 Teapot")]
    public async Task AnyCall_RefusedByTheService_IsTypedWithAdvice(int status, string code, StorageFailure expected, string advice)
    {
        Faults.Answer = _ => new FakeResponse(status, code);
        foreach (var call in Calls(Store))
        {
            var exception = await FailsAsync(expected, call);
            Assert.Contains(advice, exception.Message, StringComparison.Ordinal);
            Assert.Contains("a", exception.Path, StringComparison.Ordinal);
            Assert.Null(exception.InnerException);
        }
    }

    [Fact]
    public async Task Throttled_WithSeconds_SaysHowLong()
    {
        // Given once only: the client waits that long before it tries again.
        Faults.Answer = request => new FakeResponse(Faults.Sent.Count < 6 ? 503 : 429, "x", ("Retry-After", Faults.Sent.Count < 6 ? "0" : "7"));
        Assert.Equal(TimeSpan.FromSeconds(7), (await FailsAsync(StorageFailure.Throttled, () => Store.DeleteAsync(In("a"), Cancellation))).RetryAfter);
    }

    [Fact]
    public async Task NobodyListens_IsUnreachable()
    {
        var store = BlobObjectStore.InAzurite(new("http://127.0.0.1:1/devstoreaccount1"), new() { RetryDelay = TimeSpan.FromMilliseconds(1) });
        foreach (var call in Calls(store))
            Assert.Contains("127.0.0.1:1", (await FailsAsync(StorageFailure.Unreachable, call)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EchoedSecrets_AreNotRepeated()
    {
        var echoes = 0;
        Faults.Answer = request =>
        {
            request.Headers.TryGetValue("Authorization", out var secret);
            Assert.Contains(Token, secret, StringComparison.Ordinal);
            echoes++;
            return new FakeResponse(403, echoes % 2 == 0 ? Token : "AuthenticationFailed", ("x-echo", secret!), ("WWW-Authenticate", secret!)) { Text = $"<Error><Code>{secret}</Code><Message>{secret}</Message></Error>" };
        };
        var store = new BlobObjectStore(Account, new FixedCredential(Token), Options);
        foreach (var call in Calls(store).Concat(Calls(store)))
            Assert.DoesNotContain("canary", (await FailsAsync(StorageFailure.AccessDenied, call)).ToString(), StringComparison.Ordinal);
        Assert.True(echoes >= 10);
    }

    [Fact]
    public async Task SignatureThatTheServiceQuotes_IsNotRepeated()
    {
        string? signature = null;
        Faults.Answer = request =>
        {
            request.Headers.TryGetValue("Authorization", out signature);
            return new FakeResponse(403, "AuthenticationFailed") { Text = $"<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>{signature}</AuthenticationErrorDetail></Error>" };
        };
        var exception = await FailsAsync(StorageFailure.AccessDenied, () => Store.DeleteAsync(In("a"), Cancellation));
        Assert.DoesNotContain(signature!.Split(':')[1], exception.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Eby8vdM02x", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoToken_IsAccessDenied()
    {
        var store = new BlobObjectStore(Account, new FixedCredential(null), Options);
        foreach (var call in Calls(store))
            Assert.Contains("could be got: nobody signed in. Sign in", (await FailsAsync(StorageFailure.AccessDenied, call)).Message, StringComparison.Ordinal);
        Assert.Empty(Faults.Sent);
    }

    [Fact]
    public async Task NoToken_AndNoSuchHost_IsUnreachable()
    {
        var store = new BlobObjectStore(Account, new FixedCredential(null), Options with
        {
            FindHost = (host, _) => throw new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound, $"no host {host}"),
        });
        foreach (var call in Calls(store))
        {
            var message = (await FailsAsync(StorageFailure.Unreachable, call)).Message;
            Assert.Contains("its host is not known (no host account.example)", message, StringComparison.Ordinal);
            Assert.DoesNotContain("signed in", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("http://account.example")]
    [InlineData("https://account.example/?sig=secret")]
    [InlineData("https://user:secret@account.example")]
    public void Account_ThatIsNoPlainHttpsAddress_IsRefused(string address) =>
        Assert.DoesNotContain("secret", Assert.Throws<ArgumentException>(() => new BlobObjectStore(new(address), new FixedCredential(Token))).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://azurite.example:10000/devstoreaccount1")]
    [InlineData("https://127.0.0.1:10000/devstoreaccount1")]
    public void Azurite_ElsewhereThanHere_IsRefused(string address) => Assert.Throws<ArgumentException>(() => BlobObjectStore.InAzurite(new(address)));

    List<Func<Task>> Calls(BlobObjectStore store) =>
    [
        () => store.OpenAsync(In("a"), Cancellation),
        () => store.PutAsync(In("a"), Bytes(1), PutCondition.None, Cancellation),
        () => store.DeleteAsync(In("a"), Cancellation),
        async () => await store.ListAsync(In("a"), Cancellation).ToListAsync(Cancellation),
        async () =>
        {
            await using var reader = await store.OpenAsync(new ObjectProperties(In("a"), 10, "0x1"), Cancellation);
            await reader.ReadAsync(0, new byte[10], Cancellation);
        },
    ];

    sealed class FixedCredential(string? token) : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => throw new NotSupportedException();

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            token is null ? throw new InvalidTimeZoneException("nobody signed in.\nlong advice") : new(new AccessToken(token, DateTimeOffset.MaxValue));
    }
}
