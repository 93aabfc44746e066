using System.Security.Cryptography;
using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.EndToEnd.Tests;

public enum StoreKind { Directory, Azurite }

/// <summary>A store of its own for each test: how the command line names it, and its objects as the test sees them.</summary>
sealed class StoreUnderTest : IAsyncDisposable
{
    const int MaxObject = 64 << 20;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly AzuriteServer? _azurite;

    StoreUnderTest(string name, IObjectStore objects, AzuriteServer? azurite = null) => (Name, Objects, _azurite) = (name, objects, azurite);

    public string Name { get; }

    public IObjectStore Objects { get; }

    /// <summary>Each Azurite is a process with a store of its own, which is the only way to have more than one.</summary>
    public static async Task<StoreUnderTest> CreateAsync(StoreKind kind, Fanfold fanfold)
    {
        if (kind == StoreKind.Directory) return new StoreUnderTest(Directory.CreateDirectory(fanfold.Store).FullName, new DirectoryObjectStore(fanfold.Store));
        var azurite = await AzuriteServer.StartAsync();
        return new StoreUnderTest(azurite.Endpoint.AbsoluteUri, BlobObjectStore.InAzurite(azurite.Endpoint), azurite);
    }

    /// <summary>Copies the files of a local folder to the same paths.</summary>
    public async Task FillAsync(string root, string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, folder), "*", SearchOption.AllDirectories).Order())
        {
            await using var content = File.OpenRead(file);
            await Objects.PutAsync(Path.GetRelativePath(root, file), content, PutCondition.None, Cancellation);
        }
    }

    public async Task<List<ObjectProperties>> ListAsync(string folder) => await Objects.ListAsync(folder, Cancellation).ToListAsync(Cancellation);

    public async Task<byte[]> ReadAsync(string path) => await Objects.ReadAllAsync(path, MaxObject, Cancellation) ?? throw new FileNotFoundException(path);

    public async Task<string> HashAsync(string path) => Convert.ToHexStringLower(SHA256.HashData(await ReadAsync(path)));

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null) await _azurite.DisposeAsync();
    }
}
