using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Fanfold.Workflow.Tests.Storage;

public enum BlobCall { Other, Get, Head, List, Put, StageBlock, Commit, Delete, Lease, Container }

public enum Fault
{
    None,
    /// <summary>503 without any effect.</summary>
    Busy,
    /// <summary>429 without any effect, with the wish to wait for 20 ms.</summary>
    TooMany,
    /// <summary>500 without any effect.</summary>
    ServerError,
    /// <summary>No answer until the client gives up.</summary>
    Hang,
    /// <summary>The connection breaks before the request arrives.</summary>
    Reset,
    /// <summary>The connection breaks after the request took effect.</summary>
    LostReply,
    /// <summary>The connection breaks in the middle of the body.</summary>
    CutBody,
    /// <summary>The body ends in the middle as if that were its end.</summary>
    ShortBody,
    /// <summary>The body stops in the middle until the client gives up.</summary>
    HangingBody,
    FlippedRequest,
    FlippedResponse,
    /// <summary>The answer is another version's, though the condition excludes it.</summary>
    OtherETag,
    /// <summary>The answer is another range than was asked for.</summary>
    OtherRange,
}

/// <param name="Ordinal">From 1, in the order in which tries were sent.</param>
public sealed record SentRequest(int Ordinal, BlobCall Call, string? Range, bool HasIfMatch);

/// <summary>Sends each try of each request on, or makes it fail as the script says, and notes it.</summary>
sealed class FaultTransport : HttpPipelineTransport
{
    readonly HttpPipelineTransport _network = HttpClientTransport.Shared;
    readonly List<SentRequest> _sent = [];

    /// <summary>Asked before each try; what it awaits happens before the try is sent.</summary>
    public Func<SentRequest, Task<Fault>> Script { get; set; } = _ => Task.FromResult(Fault.None);

    /// <summary>Answers in place of the service when it gives something.</summary>
    public Func<Request, Response?> Answer { get; set; } = _ => null;

    public IReadOnlyList<SentRequest> Sent
    {
        get
        {
            lock (_sent) return [.. _sent];
        }
    }

    public int Count(BlobCall call) => Sent.Count(request => request.Call == call);

    /// <summary>Makes the first <paramref name="times"/> tries of a call fail.</summary>
    public void Fail(Fault fault, BlobCall? call = null, int times = 1)
    {
        var left = times;
        Script = request => Task.FromResult((call is null || call == request.Call) && Interlocked.Decrement(ref left) >= 0 ? fault : Fault.None);
    }

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        var fault = await Script(Note(message.Request));
        if (Answer(message.Request) is { } answer)
        {
            message.Response = answer;
            return;
        }
        switch (fault)
        {
            case Fault.Busy:
                message.Response = new FakeResponse(503, "ServerBusy");
                return;
            case Fault.TooMany:
                message.Response = new FakeResponse(429, "TooManyRequests", ("x-ms-retry-after-ms", "20"));
                return;
            case Fault.ServerError:
                message.Response = new FakeResponse(500, "InternalError");
                return;
            case Fault.Hang:
                await Task.Delay(Timeout.Infinite, message.CancellationToken);
                return;
            case Fault.Reset:
                throw new IOException("injected: connection reset");
        }
        await SendAsync(message, flip: fault == Fault.FlippedRequest);
        if (fault == Fault.LostReply)
        {
            message.Response.Dispose();
            throw new IOException("injected: reply lost");
        }
        if (fault == Fault.OtherETag) message.Response = new FakeResponse(message.Response, "ETag", "\"0xOTHER\"");
        if (fault == Fault.OtherRange) message.Response = new FakeResponse(message.Response, "Content-Range", "bytes 0-9/1000");
        if (message.Response.ContentStream is not null && fault is Fault.CutBody or Fault.ShortBody or Fault.HangingBody or Fault.FlippedResponse)
            message.Response.ContentStream = new FaultyBody(message.Response.ContentStream!, fault, message.Response.Headers.ContentLength ?? 2);
    }

    public override void Process(HttpMessage message) => throw new NotSupportedException();

    public override Request CreateRequest() => _network.CreateRequest();

    async Task SendAsync(HttpMessage message, bool flip)
    {
        var content = message.Request.Content;
        if (flip)
        {
            using var copy = new MemoryStream();
            await content!.WriteToAsync(copy, message.CancellationToken);
            var bytes = copy.ToArray();
            bytes[bytes.Length / 2] ^= 1;
            message.Request.Content = RequestContent.Create(bytes);
        }
        try
        {
            await _network.ProcessAsync(message);
        }
        finally
        {
            message.Request.Content = content;
        }
    }

    SentRequest Note(Request request)
    {
        request.Headers.TryGetValue("x-ms-range", out var range);
        lock (_sent)
        {
            var sent = new SentRequest(_sent.Count + 1, CallOf(request), range, request.Headers.Contains("If-Match"));
            _sent.Add(sent);
            return sent;
        }
    }

    static BlobCall CallOf(Request request)
    {
        var query = request.Uri.Query;
        bool Has(string text) => query.Contains(text, StringComparison.Ordinal);
        return request.Method.Method switch
        {
            _ when Has("comp=list") => BlobCall.List,
            _ when Has("comp=lease") => BlobCall.Lease,
            _ when Has("restype=container") => BlobCall.Container,
            "GET" => BlobCall.Get,
            "HEAD" => BlobCall.Head,
            "DELETE" => BlobCall.Delete,
            "PUT" when Has("comp=blocklist") => BlobCall.Commit,
            "PUT" when Has("comp=block") => BlobCall.StageBlock,
            "PUT" => BlobCall.Put,
            _ => BlobCall.Other,
        };
    }

    /// <summary>The first half of a body, and then a fault; or all of it with one bit changed.</summary>
    sealed class FaultyBody(Stream body, Fault fault, long length) : Stream
    {
        long _position;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var half = length / 2;
            if (fault != Fault.FlippedResponse)
            {
                if (_position >= half && fault == Fault.CutBody) throw new IOException("injected: body cut");
                if (_position >= half && fault == Fault.ShortBody) return 0;
                if (_position >= half) await Task.Delay(Timeout.Infinite, cancellationToken);
                buffer = buffer[..(int)Math.Min(buffer.Length, half - _position)];
            }
            var read = await body.ReadAsync(buffer, cancellationToken);
            if (fault == Fault.FlippedResponse && half >= _position && half < _position + read) buffer.Span[(int)(half - _position)] ^= 1;
            _position += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => _position; set => throw new NotSupportedException(); }
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) body.Dispose();
            base.Dispose(disposing);
        }
    }
}
