using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Fanfold.EndToEnd.Tests.Faults;

/// <summary>A request or a reply of HTTP/1.1 as it was sent.</summary>
/// <param name="Head">With the empty line that ends it.</param>
sealed record RawMessage(string Head, byte[] Body)
{
    const string HeadEnd = "\r\n\r\n";

    public string Method => Head[..Head.IndexOf(' ', StringComparison.Ordinal)];

    public string FirstLine => Head[..Head.IndexOf("\r\n", StringComparison.Ordinal)];

    public bool HasHeader(string name) => Header(name) is not null;

    public byte[] ToBytes() => [.. Encoding.Latin1.GetBytes(Head), .. Body];

    /// <summary>The same with another header in place of those of this name; null for none.</summary>
    public RawMessage With(string name, string? value)
    {
        var lines = Head[..^HeadEnd.Length].Split("\r\n").Where(line => !line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));
        return this with { Head = string.Join("\r\n", value is null ? lines : lines.Append($"{name}: {value}")) + HeadEnd };
    }

    public RawMessage WithFlippedBit(int bit)
    {
        var body = Body.ToArray();
        body[bit / 8] ^= (byte)(1 << bit % 8);
        return this with { Body = body };
    }

    /// <summary>Null when the sender has nothing more to ask.</summary>
    public static async Task<RawMessage?> ReadRequestAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        // Byte by byte, so that nothing of the body is taken.
        while (!EndsHead(head))
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0) return null;
            head.Append((char)one[0]);
        }
        var request = new RawMessage(head.ToString(), []);
        if (request.HasHeader("Transfer-Encoding")) throw new NotSupportedException($"a request without a length: {request.FirstLine}");
        if (request.HasHeader("Expect")) await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);
        var body = new byte[int.Parse(request.Header("Content-Length") ?? "0", CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return request.With("Expect", null) with { Body = body };
    }

    /// <summary>A reply whose sender closes the connection after it.</summary>
    public static async Task<RawMessage> ReadReplyAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, cancellationToken);
        var bytes = all.ToArray();
        var end = bytes.AsSpan().IndexOf(Encoding.Latin1.GetBytes(HeadEnd)) + HeadEnd.Length;
        if (end < HeadEnd.Length) throw new IOException("the reply has no end of its head");
        return new RawMessage(Encoding.Latin1.GetString(bytes, 0, end), bytes[end..]);
    }

    public string? Header(string name) =>
        Head.Split("\r\n").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)) is { } found ? found[(name.Length + 1)..].Trim() : null;

    static bool EndsHead(StringBuilder head) => head.Length >= HeadEnd.Length && head.ToString(head.Length - HeadEnd.Length, HeadEnd.Length) == HeadEnd;
}
