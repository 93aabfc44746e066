using Azure.Core;
using Azure.Core.Pipeline;

namespace Fanfold.Storage;

/// <summary>Notes whether a try of the requests that it watches ended without a clear answer, so that it may have taken effect.</summary>
sealed class LostReplies
{
    public static HttpPipelinePolicy Policy { get; } = new Watcher();

    public bool Any { get; private set; }

    /// <summary>Watches the requests that are sent until the result is disposed.</summary>
    public IDisposable Watch() => HttpPipeline.CreateHttpMessagePropertiesScope(new Dictionary<string, object?> { [nameof(LostReplies)] = this });

    sealed class Watcher : HttpPipelinePolicy
    {
        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            var answered = false;
            try
            {
                await ProcessNextAsync(message, pipeline);
                // 503 is the service's word that it did nothing; other errors of a server can come after the effect.
                answered = message.Response.Status is < 500 or 503;
            }
            finally
            {
                if (!answered && message.TryGetProperty(nameof(LostReplies), out var watch) && watch is LostReplies replies) replies.Any = true;
            }
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException("The store sends its requests asynchronously.");
    }
}
