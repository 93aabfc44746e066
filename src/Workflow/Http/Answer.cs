using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Fanfold.Workflow.Http;

/// <summary>A document as an answer.</summary>
sealed class Answer(int status, byte[] json, bool versioned) : IResult
{
    public static Answer Of<T>(T document, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) => new(status, JsonSerializer.SerializeToUtf8Bytes(document, type), versioned: false);

    /// <summary>A document with an ETag, left out when the caller has it.</summary>
    public static Answer Versioned<T>(T document, JsonTypeInfo<T> type) => new(StatusCodes.Status200OK, JsonSerializer.SerializeToUtf8Bytes(document, type), versioned: true);

    public static Answer Versioned(byte[] json) => new(StatusCodes.Status200OK, json, versioned: true);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (!versioned) return WriteAsync(httpContext, status, "application/json", json);
        var etag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(json))[..32]}\"");
        if (Download.IsKnown(httpContext, etag)) return Task.CompletedTask;
        return WriteAsync(httpContext, status, "application/json", json);
    }

    public static Task WriteAsync(HttpContext httpContext, int status, string contentType, ReadOnlyMemory<byte> content)
    {
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = contentType;
        httpContext.Response.ContentLength = content.Length;
        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        return httpContext.Response.Body.WriteAsync(content, httpContext.RequestAborted).AsTask();
    }
}
