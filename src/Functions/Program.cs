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
var telemetry = builder.Services.AddOpenTelemetry()
    .WithTracing(static traces => traces.AddSource(Telemetry.Name)).WithMetrics(static metrics => metrics.AddMeter(Telemetry.Name)).UseFunctionsWorkerDefaults();
if (builder.Configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] is { Length: > 0 })
{
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
if (workerFault is not null) Log.WorkerFault(host.Services.GetRequiredService<ILogger<App>>(), workerFault);
await host.RunAsync();
return 0;
