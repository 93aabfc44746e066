using Fanfold.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Fanfold.Workflow.Http;

/// <summary>A pinned object as an answer, streamed, whole or one range of it. Owns the reader.</summary>
/// <param name="hash">Of its content; the ETag.</param>
sealed class Download(IObjectReader reader, string hash, string contentType, string fileName) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var owned = reader;
        var (request, response, length) = (httpContext.Request, httpContext.Response, reader.Properties.Length);
        var etag = new EntityTagHeaderValue($"\"{hash}\"");
        response.Headers.AcceptRanges = "bytes";
        if (IsKnown(httpContext, etag)) return;
        var (start, end) = Range(request, etag, length) ?? (0, length);
        if (start >= end && length > 0)
        {
            response.Headers.ContentRange = new ContentRangeHeaderValue(length).ToString();
            await new Problem(StatusCodes.Status416RangeNotSatisfiable, "range-not-satisfiable", $"The range lies outside of the {length} bytes that there are.").ExecuteAsync(httpContext);
            return;
        }
        if (end - start < length)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = new ContentRangeHeaderValue(start, end - 1, length).ToString();
        }
        response.ContentType = contentType;
        response.ContentLength = end - start;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        await using var content = new ObjectStream(reader, start, end - start);
        await content.CopyToAsync(response.Body, httpContext.RequestAborted);
    }

    /// <summary>Names the version; true when the caller has it, which then is all of the answer.</summary>
    public static bool IsKnown(HttpContext httpContext, EntityTagHeaderValue etag)
    {
        httpContext.Response.Headers.ETag = etag.ToString();
        httpContext.Response.Headers.CacheControl = "no-cache";
        var isKnown = EntityTagHeaderValue.TryParseList(httpContext.Request.Headers.IfNoneMatch, out var known) && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(etag, useStrongComparison: false));
        if (isKnown) httpContext.Response.StatusCode = StatusCodes.Status304NotModified;
        return isKnown;
    }

    /// <summary>The one range that is asked for, from start to before end, which may be empty; null for the whole, as RFC 9110 wants it for what can't be read.</summary>
    static (long Start, long End)? Range(HttpRequest request, EntityTagHeaderValue etag, long length)
    {
        if (!RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var asked) || asked.Unit != "bytes" || asked.Ranges.Count != 1) return null;
        if (request.Headers.IfRange.Count > 0 && !(EntityTagHeaderValue.TryParse(request.Headers.IfRange.ToString(), out var same) && same.Compare(etag, useStrongComparison: true))) return null;
        var range = asked.Ranges.First();
        return range.From is { } from ? (from, Math.Min(range.To ?? long.MaxValue, length - 1) + 1) : (Math.Max(0, length - range.To!.Value), length);
    }
}
