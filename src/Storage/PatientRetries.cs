using Azure.Core;
using Azure.Core.Pipeline;

namespace Fanfold.Storage;

/// <summary>
/// Sends a request again where Azure's client would, as long as <see cref="BlobRequestOptions.Patience"/> lasts. A wait that the service asks for and that would outlast it is left to the caller.
/// Once a service has not said a word for so long, requests are sent once only until it does: whoever has to ask for several things need not wait for each.
/// </summary>
sealed class PatientRetries(BlobRequestOptions options) : RetryPolicy(MaxRetries, DelayStrategy.CreateExponentialDelayStrategy(options.RetryDelay, MaxDelay))
{
    const int MaxRetries = 5;

    // With the patience and the last try, less than a minute.
    static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(6);

    volatile bool _isSilent;

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        await base.ProcessAsync(message, pipeline);
        _isSilent = false;
    }

    // Asked after failures only.
    protected override async ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception)
    {
        var elapsed = DateTimeOffset.UtcNow - message.ProcessingContext.StartTime;
        var isPatient = elapsed + (exception is null && BlobFailures.RetryAfter(message.Response) is { } asked ? asked : TimeSpan.Zero) <= options.Patience;
        var wasSilent = _isSilent;
        _isSilent = exception is not null && (wasSilent || !isPatient);
        return isPatient && !(wasSilent && _isSilent) && await base.ShouldRetryAsync(message, exception);
    }
}
