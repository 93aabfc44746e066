using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Fanfold.Workflow.Http;

/// <summary><c>GET /</c> and <c>GET /runs/{id}</c>: the same document, which looks at its address to see what to ask the API for, and shows what the API says of an id that is none.</summary>
public static class PageHandlers
{
    static readonly EntityTagHeaderValue ETag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(RunPage.Current.Html))[..32]}\"");

    public static Task<IResult> GetAsync(HttpContext http, ApiContext api) => Task.FromResult<IResult>(new Document());

    sealed class Document : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var headers = httpContext.Response.Headers;
            headers.ContentSecurityPolicy = RunPage.Current.Policy;
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers.XFrameOptions = "DENY";
            headers.XContentTypeOptions = "nosniff";
            return Download.IsKnown(httpContext, ETag) ? Task.CompletedTask : Answer.WriteAsync(httpContext, StatusCodes.Status200OK, "text/html; charset=utf-8", RunPage.Current.Html);
        }
    }
}
