using Microsoft.Extensions.Logging;

namespace Fanfold.Functions;

/// <summary>What nobody who asks would hear.</summary>
static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The run {Instance} was stopped before its end: {Reason} It goes on in {Pause}.")]
    public static partial void Stopped(ILogger log, string instance, string reason, TimeSpan pause);

    [LoggerMessage(4, LogLevel.Information, "The run {RunId} was started, as {Blob} asks.")]
    public static partial void Started(ILogger log, string runId, string blob);

    [LoggerMessage(5, LogLevel.Warning, "{Blob} asks for a run and was refused; the reasons are in {ErrorPath} of the state store.")]
    public static partial void Refused(ILogger log, string blob, string errorPath);

    [LoggerMessage(3, LogLevel.Error, "A request met a defect of fanfold: {Failure}")]
    public static partial void Bug(ILogger log, string failure);
}
