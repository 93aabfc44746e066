using Fanfold.Storage;
using Fanfold.Worker;

namespace Fanfold.LocalHost;

/// <summary>The two stores of a run as the command line names them.</summary>
sealed class Stores
{
    public Stores(string? store, string? data)
    {
        var stateRoot = Path.GetFullPath(store ?? DefaultRoot);
        var dataRoot = data is null ? stateRoot : Path.GetFullPath(data);
        StateLocation = new StoreLocation(stateRoot);
        DataLocation = new StoreLocation(dataRoot);
        State = new DirectoryObjectStore(stateRoot);
        Data = new DirectoryObjectStore(dataRoot);
    }

    public const string DefaultRoot = ".fanfold/store";

    public IObjectStore State { get; }
    public IObjectStore Data { get; }
    public StoreLocation StateLocation { get; }
    public StoreLocation DataLocation { get; }

    /// <summary>Why a value of <c>--store</c> or <c>--data</c> can't be opened; null when it can.</summary>
    public static string? Fault(string? store) =>
        store is null ? null
        : store.Contains("://", StringComparison.Ordinal) || store.StartsWith("UseDevelopmentStorage", StringComparison.OrdinalIgnoreCase)
            ? $"'{store}' is a blob store, and this version opens directories only; copy the files to a directory and name that."
            : store.Length == 0 ? "The store is an empty text; name a directory." : null;
}
