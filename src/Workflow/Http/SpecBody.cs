using Fanfold.Workflow.Spec;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Fanfold.Workflow.Http;

/// <summary>Reads the spec that is the body of a request.</summary>
static class SpecBody
{
    /// <summary>The spec, or the refusal.</summary>
    public static async Task<(RunSpec? Spec, Problem? Refusal)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!IsJson(request))
            return (null, new Problem(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "The body is not declared as JSON in UTF-8.", "Send the spec with Content-Type: application/json, not compressed."));
        if (request.ContentLength > SpecParser.MaxBytes) return (null, Problem.OfStatus(StatusCodes.Status413PayloadTooLarge));
        using var content = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (await request.Body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            content.Write(buffer, 0, read);
            if (content.Length > SpecParser.MaxBytes) return (null, Problem.OfStatus(StatusCodes.Status413PayloadTooLarge));
        }
        var parsed = SpecParser.Parse(content.GetBuffer().AsMemory(0, (int)content.Length));
        return parsed.IsValid ? (parsed.Spec, null) : (null, Problem.Of(parsed));
    }

    static bool IsJson(HttpRequest request) =>
        request.Headers.ContentEncoding.Count == 0
        && MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
}
