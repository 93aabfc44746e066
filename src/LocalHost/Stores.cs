using Azure.Core;
using Azure.Identity;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost;

/// <summary>The two stores of a run as the command line names them.</summary>
sealed class Stores
{
    public const string DefaultRoot = ".fanfold/store";

    const string Azurite = "UseDevelopmentStorage=true";
    const string Service = "https://ACCOUNT.blob.core.windows.net";

    public Stores(string? store, string? data)
    {
        IsDefault = store is null;
        Arguments = Argument("--store", store) + Argument("--data", data);
        StateLocation = Locate(store ?? DefaultRoot);
        DataLocation = data is null ? StateLocation : Locate(data);
        if (StateLocation.NeedsToken || DataLocation.NeedsToken) Identity = new DefaultAzureCredential();
        State = StateLocation.Open(Identity);
        Data = DataLocation == StateLocation ? State : DataLocation.Open(Identity);
    }

    /// <summary>What names these stores in a command, with a space before each; empty for those that are taken where none is named.</summary>
    public string Arguments { get; }

    /// <summary>Whether the state store is that which is taken where none is named.</summary>
    bool IsDefault { get; }

    public IObjectStore State { get; }
    public IObjectStore Data { get; }
    public StoreLocation StateLocation { get; }
    public StoreLocation DataLocation { get; }

    /// <summary>Who asks the stores, where they ask who; null where they do not. Workers get its tokens only.</summary>
    public TokenCredential? Identity { get; }

    /// <summary>Why nothing can be read of the source; null when something may be. A state store that is not there yet is made.</summary>
    public RunError? FaultOfData() => IsThere(DataLocation) ? null
        : new RunError("store-not-found", $"There is no folder '{TerminalText.Safe(DataLocation.Address)}' to read the source from; {(IsDefault ? "--store names the store that has it" : "check --store and --data")}.", File: DataLocation.Address);

    /// <summary>The directories that are not there yet.</summary>
    public IEnumerable<string> Missing() => ((StoreLocation[])[StateLocation, DataLocation]).Where(location => !IsThere(location)).Select(location => location.Address).Distinct();

    // A blob service tells by itself.
    static bool IsThere(StoreLocation location) => location.IsBlob || Directory.Exists(location.Address);

    /// <summary>What is said of a run that is not there.</summary>
    public RunError NotFound(string runId) => !RunPaths.IsRunId(runId) ? NoId(runId) : new("run-not-found",
        !IsThere(StateLocation)
            ? $"There is no run '{TerminalText.Safe(runId)}', since there is no folder '{TerminalText.Safe(StateLocation.Address)}'; {(IsDefault ? "--store names the store that the run is in" : "check --store")}."
            : $"There is no run '{TerminalText.Safe(runId)}' in the store '{TerminalText.Safe(StateLocation.Address)}'; check the id{(IsDefault ? ", or name the store that it is in with --store" : " and --store")}.");

    /// <summary>What is said of what no run can be called.</summary>
    public static RunError NoId(string runId) => new("run-not-found", $"There is no run '{TerminalText.Safe(runId)}': an id has 1 to 100 lower-case letters, digits, - and _.");

    /// <summary>Why a value of <c>--store</c> or <c>--data</c> can't be opened; null when it can.</summary>
    public static string? Fault(string? store)
    {
        if (store is null || IsAzurite(store)) return null;
        if (store.Length == 0) return "The store is an empty text; name a directory, or the URL of a blob service.";
        // What may hold a key or a signature is neither repeated nor made a folder.
        if (Secrets.MayBeIn(store) && !Uri.TryCreate(store, UriKind.Absolute, out _))
            return $"A connection string or a signature holds a secret, and a command line is no place for one; use {Service} and sign in, or {Azurite} for Azurite.";
        if (!store.Contains("://", StringComparison.Ordinal)) return IsNearlyUrl(store) ? $"The store looks like the address of a blob service, and is no URL; write {Service}." : File.Exists(store) ? $"'{TerminalText.Safe(store)}' is a file, and a store is a folder." : null;
        if (!Uri.TryCreate(store, UriKind.Absolute, out var url)) return $"The store is no valid URL; write {Service}.";
        if (url.Query.Length > 0 || url.UserInfo.Length > 0 || url.Fragment.Length > 0)
            return $"The store's URL holds more than an address; use {Service} without a signature or a password, and sign in.";
        if (url.Scheme == Uri.UriSchemeHttps && (url.AbsolutePath == "/" || url.IsLoopback)) return null;
        if (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback && url.AbsolutePath.Length > 1) return null;
        return $"'{url.GetLeftPart(UriPartial.Authority)}/…' is no store; use a directory, {Service}, {Azurite}, or http://127.0.0.1:PORT/devstoreaccount1 for an Azurite elsewhere on this machine.";
    }

    static StoreLocation Locate(string store) => new(
        IsAzurite(store) ? BlobObjectStore.AzuriteEndpoint.AbsoluteUri
        : store.Contains("://", StringComparison.Ordinal) ? new Uri(store).GetLeftPart(UriPartial.Path).TrimEnd('/')
        : Path.GetFullPath(store));

    static string Argument(string name, string? value) => value is null ? "" : $" {name} {(value.Any(static c => !char.IsAsciiLetterOrDigit(c) && !"/._-:=~".Contains(c)) ? $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'" : value)}";

    static bool IsNearlyUrl(string store) =>
        store.StartsWith("http:", StringComparison.OrdinalIgnoreCase) || store.StartsWith("https:", StringComparison.OrdinalIgnoreCase) || store.Contains(".core.windows.net", StringComparison.OrdinalIgnoreCase);

    static bool IsAzurite(string store) => store.TrimEnd(';').Equals(Azurite, StringComparison.OrdinalIgnoreCase);
}
