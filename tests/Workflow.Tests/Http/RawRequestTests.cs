using System.Net.Sockets;
using System.Text;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Http;

/// <summary>Requests that no client library sends: a server that decides by headers must not be talked around them.</summary>
public sealed class RawRequestTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: localhost\r\n", 200)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: [::1]:7117\r\nOrigin: http://[::1]:7117\r\n", 200)]
    [InlineData("GET /api/health HTTP/1.1\r\n", 400)]
    [InlineData("GET /api/health HTTP/1.0\r\n", 421)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost:\r\n", 421)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n", 421)]
    [InlineData("GET http://evil.example/api/health HTTP/1.1\r\nHost: localhost\r\n", 400)]
    [InlineData("GET http://evil.example/api/health HTTP/1.1\r\nHost: evil.example\r\n", 421)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: [::ffff:7f00:1]\r\n", 421)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n", 403)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost, http://evil.example\r\n", 403)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: localhost\r\nOrigin:\r\n", 403)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: localhost\r\nOrigin: file://localhost\r\n", 403)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example/@localhost\r\n", 403)]
    [InlineData("GET /api/health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost@evil.example\r\n", 403)]
    public async Task Headers_OfAStranger_AreRefused(string request, int status)
    {
        await using var api = await ServedApi.StartAsync(new RunHarness());
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", api.Client.BaseAddress!.Port, Cancellation);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request + "Connection: close\r\n\r\n"), Cancellation);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.StartsWith($"HTTP/1.1 {status} ", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
    }
}
