using Azure.Core;
using Azure.Core.Pipeline;

namespace Fanfold.Storage;

/// <summary>Reads the body of a refusal within its try, so that one that breaks off is tried again. The client reads it later, where nothing does.</summary>
sealed class WholeErrors : HttpPipelinePolicy
{
    const int FirstError = 400;

    public static HttpPipelinePolicy Policy { get; } = new WholeErrors();

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        await ProcessNextAsync(message, pipeline);
        if (message.Response is not { Status: >= FirstError, ContentStream: { CanSeek: false } body }) return;
        var whole = new MemoryStream();
        await using (body) await body.CopyToAsync(whole, message.CancellationToken);
        whole.Position = 0;
        message.Response.ContentStream = whole;
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("The store sends its requests asynchronously.");
}
