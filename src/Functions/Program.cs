using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Fanfold.Functions;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
if (AppSettings.Read(builder.Configuration, out var faults) is not { } settings)
{
    foreach (var fault in faults) Console.Error.WriteLine($"error: {fault}.");
    Console.Error.WriteLine("local.settings.sample.json and docs/azure.md show the settings.");
    return 1;
}

var identity = settings.Data.NeedsToken || settings.State.NeedsToken
    ? new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = settings.ClientId })
    : null;
// With these defaults the app's logs go where its spans go, and not to the host: without an exporter, nowhere.
if (builder.Configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] is { Length: > 0 })
{
    var telemetry = builder.Services.AddOpenTelemetry()
        .WithTracing(static traces => traces.AddSource(Telemetry.Name)).WithMetrics(static metrics => metrics.AddMeter(Telemetry.Name)).UseFunctionsWorkerDefaults();
    telemetry.UseAzureMonitorExporter(azure =>
    {
        // Local authentication is off where the identity has a role instead.
        if (builder.Configuration["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] is { Length: > 0 }) azure.Credential = identity ?? new DefaultAzureCredential();
    });
}

var worker = WorkerProbe.Find(AppContext.BaseDirectory, WorkerHost.NativeVersion, out var workerFault);
var state = settings.State.Open(identity);
var data = settings.Data == settings.State ? state : settings.Data.Open(identity);
builder.Services.AddSingleton(services => new App(
    settings, data, state, new ProcessIsolation(worker, identity), worker.IsNative ? "native" : "dotnet", TimeProvider.System, services.GetRequiredService<ILogger<App>>()));
var host = builder.Build();
// The host shows what the app writes on stderr, also before it has asked for anything.
if (workerFault is not null) await Console.Error.WriteLineAsync($"warning: the native worker is not used: {workerFault}. Tasks run under dotnet, whose runtime takes more of their memory.");
await host.RunAsync();
return 0;
