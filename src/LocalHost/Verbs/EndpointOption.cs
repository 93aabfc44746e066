using System.CommandLine;
using Fanfold.Client;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>--endpoint</c>: the verb asks a host that serves runs, and does nothing on this machine.</summary>
static class EndpointOption
{
    const string KeyVariable = "FANFOLD_KEY";

    public static Option<string?> Create()
    {
        var option = new Option<string?>("--endpoint")
        {
            Description = $"Ask the host at this address, such as http://127.0.0.1:7117 or https://APP.azurewebsites.net, instead of doing it here. The key of a Functions app is read from {KeyVariable}.",
            HelpName = "URL",
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } url && Fault(url) is { } fault) result.AddError($"--endpoint: {fault}.");
        });
        return option;
    }

    /// <summary>Makes options that mean this machine a fault beside <c>--endpoint</c>.</summary>
    public static void Exclude(Command command, Option<string?> endpoint, params Option[] local) => command.Validators.Add(result =>
    {
        if (CommonOptions.Typed(result, endpoint) is null) return;
        foreach (var option in local)
        {
            if (result.GetResult(option) is { Implicit: false }) result.AddError($"{option.Name} means this machine, and --endpoint another host: leave one of them out.");
        }
    });

    /// <summary>What asks there. The key stays with this host: redirects are not followed.</summary>
    public static RunsClient Client(string endpoint) => new(
        new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15) }), new Uri(endpoint), new RunsClientOptions { FunctionsKey = Key });

    static string? Key => Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key ? key : null;

    // An address may hold a key or a password by mistake, so it is not repeated.
    static string? Fault(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https")) return "write an address such as http://127.0.0.1:7117 or https://APP.azurewebsites.net";
        if (parsed.Query.Length > 0 || parsed.Fragment.Length > 0 || parsed.UserInfo.Length > 0) return $"write the address alone; the key of a Functions app belongs in {KeyVariable}";
        if (Key is null) return null;
        if (parsed.Scheme == "http" && !parsed.IsLoopback) return $"{KeyVariable} would cross the network in the clear; use https";
        return Key.Any(c => c is < ' ' or > '~') ? $"{KeyVariable} is no key: it has characters that no header takes" : null;
    }
}
