using System.Diagnostics.CodeAnalysis;
using System.Text;
using Azure;
using Azure.Core;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>An error as the service words it, or an answer that was tampered with.</summary>
sealed class FakeResponse : Response
{
    readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

    public FakeResponse(int status, string code, params ReadOnlySpan<(string Name, string Value)> headers)
    {
        Status = status;
        _headers["x-ms-error-code"] = code;
        _headers["Content-Type"] = "application/xml";
        foreach (var (name, value) in headers) _headers[name] = value;
        Text = $"<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>injected</Message></Error>";
    }

    /// <summary>An answer with one header changed.</summary>
    public FakeResponse(Response original, string header, string value)
    {
        Status = original.Status;
        ContentStream = original.ContentStream;
        foreach (var one in original.Headers) _headers[one.Name] = one.Value;
        _headers[header] = value;
    }

    public string Text { set => ContentStream = new MemoryStream(Encoding.UTF8.GetBytes(value)); }

    public override int Status { get; }
    public override string ReasonPhrase => "injected";
    public override Stream? ContentStream { get; set; }
    public override string ClientRequestId { get; set; } = "";

    public override void Dispose()
    {
    }

    protected override bool ContainsHeader(string name) => _headers.ContainsKey(name);
    protected override IEnumerable<HttpHeader> EnumerateHeaders() => _headers.Select(header => new HttpHeader(header.Key, header.Value));
    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => _headers.TryGetValue(name, out value);

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = _headers.TryGetValue(name, out var value) ? [value] : null;
        return values is not null;
    }
}
