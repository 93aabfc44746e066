using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Microsoft.Extensions.Configuration;

namespace Fanfold.Functions;

/// <summary>What the app's settings say.</summary>
/// <param name="ClientId">The user-assigned identity that the stores are asked as; null for whoever is signed in.</param>
public sealed record AppSettings(StoreLocation Data, StoreLocation State, HostCapacity Host, string? ClientId)
{
    // As many as an app scales to by itself, where nothing else is said.
    const int DefaultParallel = 40;

    /// <summary>The names of the stores among the settings, which are those of their connections too.</summary>
    public const string DataStorage = nameof(DataStorage), StateStorage = nameof(StateStorage);

    const string DataContainer = nameof(DataContainer);
    const string Parallel = "Fanfold:Parallel", MaxMemory = "Fanfold:MaxMemory", Scratch = "Fanfold:Scratch", ScratchSize = "Fanfold:ScratchSize";

    /// <summary>Reads the settings; what is wrong with them is in <paramref name="faults"/>, all of it, and then there are none.</summary>
    public static AppSettings? Read(IConfiguration settings, out IReadOnlyList<string> faults)
    {
        var all = new List<string>();
        faults = all;
        var (data, state) = (Location(settings, DataStorage, all), Location(settings, StateStorage, all));
        // The blob triggers' paths name it.
        if (string.IsNullOrEmpty(settings[DataContainer])) all.Add($"{DataContainer} is not set: name the container of the data store whose folders may be run when their _SUCCESS lands");
        var clients = new[] { settings[$"{DataStorage}:clientId"], settings[$"{StateStorage}:clientId"] }.Where(static id => !string.IsNullOrEmpty(id)).Distinct().ToList();
        if (clients.Count > 1) all.Add($"{DataStorage}__clientId and {StateStorage}__clientId differ: the app asks both stores as one identity");
        var parallel = Number(settings, Parallel, all) ?? DefaultParallel;
        var (memory, scratch) = (Size(settings, MaxMemory, all), Size(settings, ScratchSize, all));
        var folder = settings[Scratch] is { Length: > 0 } named ? named : null;
        if (folder is not null && !Directory.Exists(folder)) all.Add($"{Name(Scratch)}: there is no folder '{folder}'");
        return all.Count > 0 ? null : new AppSettings(data!, state!, HostCapacity.OfThisMachine(memory, folder, scratch) with { Parallel = parallel, WorkersHere = 1 }, clients.SingleOrDefault());
    }

    static StoreLocation? Location(IConfiguration settings, string name, List<string> faults)
    {
        if (settings[$"{name}:blobServiceUri"] is { Length: > 0 } service)
        {
            if (Uri.TryCreate(service, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri is { Query: "", UserInfo: "", Fragment: "", AbsolutePath: "/" }) return new StoreLocation(uri.GetLeftPart(UriPartial.Authority));
            faults.Add($"{name}__blobServiceUri is no address of a blob service; write https://ACCOUNT.blob.core.windows.net, without a signature");
        }
        else if (settings[name] is not { Length: > 0 } value) faults.Add($"{name} is not set: set {name}__blobServiceUri to https://ACCOUNT.blob.core.windows.net, or {name} to UseDevelopmentStorage=true for Azurite");
        else if (BlobObjectStore.AzuriteOf(value) is { } azurite) return new StoreLocation(azurite.AbsoluteUri.TrimEnd('/'));
        else faults.Add($"{name} is a connection string, and only Azurite is asked with a key; set {name}__blobServiceUri instead, and give the app's identity a role");
        return null;
    }

    static int? Number(IConfiguration settings, string key, List<string> faults)
    {
        if (settings[key] is not { Length: > 0 } value) return null;
        if (int.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= LimitsSpec.MaxParallel) return number;
        faults.Add($"{Name(key)} is no number from 1 to {LimitsSpec.MaxParallel}");
        return null;
    }

    static long? Size(IConfiguration settings, string key, List<string> faults)
    {
        if (settings[key] is not { Length: > 0 } value) return null;
        if (ByteSize.TryParse(value, out var size) && size.Bytes > 0) return size.Bytes;
        faults.Add($"{Name(key)} is no size; write one with its unit, such as 1536MiB");
        return null;
    }

    static string Name(string key) => key.Replace(":", "__", StringComparison.Ordinal);
}
