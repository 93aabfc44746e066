using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.EndToEnd.Tests;

/// <summary>
/// A store that asks who is there: Azurite over TLS with OAuth, and in place of Azure's managed identity an endpoint on loopback that gives tokens as
/// App Service does. The parent finds it through DefaultAzureCredential; workers get tokens on stdin.
/// </summary>
public sealed class IdentityTests : IDisposable
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    [Fact]
    public async Task Run_OverAStoreThatNeedsATokenEach_KeepsTheIdentityInTheParent()
    {
        var (certificate, key) = WriteCertificate();
        await using var azurite = await AzuriteServer.StartAsync(arguments: ["--cert", certificate, "--key", key, "--oauth", "basic"]);
        using var identity = new ManagedIdentity();
        var made = Directory.CreateDirectory(Path.Combine(_fanfold.Folder, "lake", "trips")).FullName;
        Duck.Execute($"copy (select (i % 3)::int as ff, i from range(3000) t(i)) to '{made}/a.parquet' (format parquet)");
        using var trusting = new HttpClientHandler();
        trusting.ServerCertificateCustomValidationCallback = (_, presented, _, _) => presented?.ExportCertificatePem() == File.ReadAllText(certificate);
        var store = new BlobObjectStore(azurite.Endpoint, new FixedToken(identity.Token), new BlobRequestOptions { Transport = new HttpClientTransport(trusting) });
        await store.PutAsync("lake/trips/a.parquet", await File.ReadAllBytesAsync(Path.Combine(made, "a.parquet"), Cancellation), PutCondition.None, Cancellation);
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "spec.json"),
            Fanfold.Spec("lake/trips", "ff", """{ "aggregates": { "n": "len()" } }""", "results/out.parquet").ToJsonString(), Cancellation);

        using var run = await _fanfold.StartAsync(
            new Dictionary<string, string> { ["IDENTITY_ENDPOINT"] = identity.Endpoint, ["IDENTITY_HEADER"] = "any", ["SSL_CERT_FILE"] = certificate },
            "run", "spec.json", "--store", azurite.Endpoint.AbsoluteUri, "--json");
        var shown = await WorkerWatch.ReadAsync(_fanfold, run);
        var outcome = (await run.EndAsync()).Exits(0);

        Assert.Equal(3, (int)outcome.Json["partitions"]!["succeeded"]!);
        Assert.True(identity.Asked > 0);
        Assert.DoesNotContain(identity.Token, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(identity.Token, outcome.Stdout + outcome.Stderr, StringComparison.Ordinal);
        await foreach (var written in store.ListAsync("fanfold", Cancellation))
            Assert.DoesNotContain(identity.Token, Encoding.Latin1.GetString((await store.ReadAllAsync(written.Path, 1 << 24, Cancellation))!), StringComparison.Ordinal);
    }

    /// <summary>A certificate for this machine that signs itself, as two PEM files.</summary>
    (string Certificate, string Key) WriteCertificate()
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var files = (Path.Combine(_fanfold.Folder, "cert.pem"), Path.Combine(_fanfold.Folder, "key.pem"));
        File.WriteAllText(files.Item1, certificate.ExportCertificatePem());
        File.WriteAllText(files.Item2, rsa.ExportPkcs8PrivateKeyPem());
        return files;
    }

    /// <summary>Gives the one token that Azurite accepts for as long as the test lasts.</summary>
    sealed class FixedToken(string token) : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(token, DateTimeOffset.UtcNow.AddHours(1));

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
    }

    /// <summary>App Service's endpoint for tokens.</summary>
    sealed class ManagedIdentity : IDisposable
    {
        readonly HttpListener _listener = new();
        readonly string _prefix = $"http://127.0.0.1:{FreePort()}/token/";

        public ManagedIdentity()
        {
            _listener.Prefixes.Add(_prefix);
            _listener.Start();
            _ = ServeAsync();
        }

        public string Endpoint => _prefix;

        public int Asked { get; private set; }

        public string Token { get; } = CreateToken();

        public void Dispose() => _listener.Close();

        async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                Asked++;
                var body = $$"""{"access_token":"{{Token}}","expires_on":"{{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}}","resource":"https://storage.azure.com","token_type":"Bearer"}""";
                context.Response.ContentType = "application/json";
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
                context.Response.Close();
            }
        }

        // Azurite looks at a token's claims, not at its signature.
        static string CreateToken()
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var claims = $$"""{"aud":"https://storage.azure.com","iss":"https://sts.windows.net/{{Guid.NewGuid()}}/","iat":{{now - 60}},"nbf":{{now - 60}},"exp":{{now + 3600}}}""";
            return $"{Part("""{"alg":"RS256","typ":"JWT"}""")}.{Part(claims)}.{Part("canary")}";

            static string Part(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        }

        static int FreePort()
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            return ((IPEndPoint)probe.LocalEndpoint).Port;
        }
    }
}
