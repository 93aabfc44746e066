using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>Against Azurite, each test in a container of its own.</summary>
public sealed partial class BlobObjectStoreTests(Azurite azurite) : ObjectStoreContract, IAsyncLifetime
{
    readonly string _container = Azurite.NewContainer();
    IObjectStore? _store;

    protected override IObjectStore Store => _store!;

    // Azurite serves some hundred requests a second.
    protected override int Rounds(int usual) => Math.Max(2, usual / 10);

    public async ValueTask InitializeAsync() => _store = new StoreBelow(BlobObjectStore.InAzurite(await azurite.EndpointAsync()), _container);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
