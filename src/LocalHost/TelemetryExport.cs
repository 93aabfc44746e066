using Fanfold.Workflow.Running;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fanfold.LocalHost;

/// <summary>
/// Where spans and metrics go, by the variables of the OpenTelemetry specification: <c>OTEL_TRACES_EXPORTER</c> and <c>OTEL_METRICS_EXPORTER</c>, each <c>otlp</c>, <c>console</c> or <c>none</c>, which is the
/// default. Endpoint, protocol, headers, intervals and sampling have their standard variables too.
/// </summary>
sealed class TelemetryExport : IDisposable
{
    const string Traces = "OTEL_TRACES_EXPORTER", Metrics = "OTEL_METRICS_EXPORTER";

    readonly TracerProvider? _traces;
    readonly MeterProvider? _metrics;

    TelemetryExport(string traces, string metrics)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("fanfold", serviceVersion: typeof(TelemetryExport).Assembly.GetName().Version!.ToString(3)).AddEnvironmentVariableDetector();
        if (traces is not "none")
        {
            var builder = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Telemetry.Name);
            _traces = (traces == "otlp" ? builder.AddOtlpExporter() : builder.AddConsoleExporter()).Build();
        }
        if (metrics is not "none")
        {
            var builder = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Telemetry.Name);
            _metrics = (metrics == "otlp" ? builder.AddOtlpExporter() : builder.AddConsoleExporter()).Build();
        }
    }

    /// <summary>Exports until it is disposed, and then what is left.</summary>
    /// <param name="ownsStdout">Whether the command prints nothing else on stdout, so that the console exporter may.</param>
    /// <param name="fault">Why a variable can't be obeyed; null when all can.</param>
    public static TelemetryExport? Start(bool ownsStdout, out string? fault)
    {
        fault = Fault(Traces, ownsStdout) ?? Fault(Metrics, ownsStdout);
        return fault is null ? new TelemetryExport(Read(Traces), Read(Metrics)) : null;
    }

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    static string? Fault(string variable, bool ownsStdout) => Read(variable) switch
    {
        "otlp" or "none" => null,
        "console" => ownsStdout ? null : $"{variable}=console is for `fanfold serve`: the stdout of other verbs is what they print. Use otlp.",
        _ => $"{variable} is none of otlp, console and none.",
    };

    static string Read(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : "none";
}
