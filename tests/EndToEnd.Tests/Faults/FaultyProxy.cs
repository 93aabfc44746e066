using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fanfold.EndToEnd.Tests.Faults;

/// <summary>Stands on loopback before a blob service, and passes each request on or makes it fail as the schedule says. A connection serves one request.</summary>
sealed class FaultyProxy : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _ending = new();
    readonly Uri _service;
    readonly Task _accepting;

    /// <param name="service">Where the requests go, as in <c>http://127.0.0.1:PORT/devstoreaccount1</c>.</param>
    public FaultyProxy(Uri service)
    {
        _service = service;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The service's address by way of here.</summary>
    public Uri Endpoint => new UriBuilder(_service) { Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;

    /// <summary>Null lets everything through.</summary>
    public FaultSchedule? Schedule { get; set; }

    /// <summary>Each request that came, in the order in which they came: its method, path and query, and the range it asks for.</summary>
    public ConcurrentQueue<(string Method, string Target, string? Range)> Requests { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ending.Dispose();
    }

    async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ending.Token);
                serving.RemoveAll(one => one.IsCompletedSuccessfully);
                serving.Add(Task.Run(() => ServeAsync(client)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await ServeAsync(client, client.GetStream());
            }
            // A client that was killed or gave up, and the end of the test.
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException) { }
        }
    }

    async Task ServeAsync(TcpClient client, NetworkStream stream)
    {
        if (await RawMessage.ReadRequestAsync(stream, _ending.Token) is not { } request) return;
        Requests.Enqueue((request.Method, request.FirstLine.Split(' ')[1], request.Header("x-ms-range")));
        var schedule = Schedule;
        var fault = schedule?.Next(request) ?? Fault.None;
        if (fault is not (Fault.None or Fault.HalfBody or Fault.HangingBody or Fault.FlippedReply)) schedule!.Meet(fault);
        switch (fault)
        {
            case Fault.Busy:
                await AnswerAsync(stream, "503 Server Busy", "ServerBusy");
                return;
            case Fault.TooMany:
                await AnswerAsync(stream, "429 Too Many Requests", "TooManyRequests", "Retry-After: 1\r\n");
                return;
            case Fault.ServerError:
                await AnswerAsync(stream, "500 Internal Server Error", "InternalError");
                return;
            case Fault.Reset:
                Reset(client);
                return;
            case Fault.Hang:
                await UntilGoneAsync(stream);
                return;
            case Fault.FlippedRequest:
                request = request.WithFlippedBit(schedule!.PickBit(request.Body.Length));
                break;
        }
        var reply = await SendAsync(request);
        var half = reply.Head.Length + reply.Body.Length / 2;
        if (fault is Fault.HalfBody or Fault.HangingBody or Fault.FlippedReply)
        {
            // Nothing but TLS guards the text of a refusal.
            if (reply.Body.Length > 0 && (fault != Fault.FlippedReply || reply.FirstLine.Contains(" 206 ", StringComparison.Ordinal))) schedule!.Meet(fault);
            else fault = Fault.None;
        }
        switch (fault)
        {
            case Fault.ServerErrorAfter:
                await AnswerAsync(stream, "500 Internal Server Error", "InternalError");
                return;
            case Fault.LostReply:
                Reset(client);
                return;
            case Fault.HalfBody:
                await stream.WriteAsync(reply.ToBytes().AsMemory(0, half), _ending.Token);
                return;
            case Fault.HangingBody:
                await stream.WriteAsync(reply.ToBytes().AsMemory(0, half), _ending.Token);
                await UntilGoneAsync(stream);
                return;
            case Fault.FlippedReply:
                reply = reply.WithFlippedBit(schedule!.PickBit(reply.Body.Length));
                break;
        }
        await stream.WriteAsync(reply.ToBytes(), _ending.Token);
    }

    async Task<RawMessage> SendAsync(RawMessage request)
    {
        using var service = new TcpClient();
        await service.ConnectAsync(IPAddress.Loopback, _service.Port, _ending.Token);
        var stream = service.GetStream();
        await stream.WriteAsync(request.With("Connection", "close").ToBytes(), _ending.Token);
        return await RawMessage.ReadReplyAsync(stream, _ending.Token);
    }

    async Task AnswerAsync(NetworkStream stream, string status, string code, string headers = "")
    {
        var body = $"<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>injected</Message></Error>";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"HTTP/1.1 {status}\r\nx-ms-error-code: {code}\r\n{headers}Content-Type: application/xml\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), _ending.Token);
    }

    // Closing with unsent bytes thrown away is what resets a connection.
    static void Reset(TcpClient client) => client.LingerState = new LingerOption(true, 0);

    async Task UntilGoneAsync(NetworkStream stream)
    {
        while (await stream.ReadAsync(new byte[1024], _ending.Token) > 0) { }
    }
}
