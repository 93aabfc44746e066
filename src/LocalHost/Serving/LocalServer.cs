using Fanfold.Workflow.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fanfold.LocalHost.Serving;

/// <summary>The API over HTTP on this machine, for this machine alone.</summary>
static class LocalServer
{
    public const string DefaultUrl = "http://127.0.0.1:7117";

    /// <summary>A server that is to be started. Nothing of the environment or of the current folder configures it.</summary>
    /// <param name="log">Told which requests met a defect or damage, or were not answered to the end, and why. What it is told may hold secrets.</param>
    public static WebApplication Create(ApiContext api, IReadOnlyList<string> urls, Action<string> log)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.AddServerHeader = false).UseUrls([.. urls]);
        // Streams of events have no end of their own; their callers come back for the rest.
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Services.AddRoutingCore().AddSingleton<IHostLifetime, CallersLifetime>();
        var app = builder.Build();
        app.UseProblems((http, failure) => log($"{http.Request.Method} {http.Request.Path.ToUriComponent()}, trace id {http.TraceIdentifier}: {failure}"));
        app.Use(RefuseStrangersAsync);
        app.MapFanfold(api);
        return app;
    }

    /// <summary>Why the server can't listen there; null when it can.</summary>
    public static string? Fault(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme != Uri.UriSchemeHttp || parsed.PathAndQuery != "/" || parsed.UserInfo.Length > 0) return $"write an address such as {DefaultUrl}";
        if (!IsLocal(parsed.Host)) return "only this machine is served: use localhost, 127.0.0.1 or [::1]; there is no sign-in that could keep others out";
        return parsed is { Port: 0, Host: "localhost" } ? "a free port (0) needs 127.0.0.1 or [::1]" : null;
    }

    // A page of any site can make a browser ask this server, under a name that it points here; only the headers tell.
    static Task RefuseStrangersAsync(HttpContext http, RequestDelegate next)
    {
        if (!IsLocal(http.Request.Host.Host))
            return new Problem(StatusCodes.Status421MisdirectedRequest, "host-refused", "This server answers to localhost, 127.0.0.1 and [::1] only.").ExecuteAsync(http);
        foreach (var origin in http.Request.Headers.Origin)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var from) || from.Scheme is not ("http" or "https") || !IsLocal(from.Host))
                return new Problem(StatusCodes.Status403Forbidden, "origin-refused", "This server answers to pages of localhost only.").ExecuteAsync(http);
        }
        return next(http);
    }

    static bool IsLocal(string host) => host is "127.0.0.1" or "[::1]" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whoever starts the server stops it.</summary>
    sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
