using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>Containers, and what other programs leave in them.</summary>
public sealed partial class BlobObjectStoreTests
{
    [Theory]
    [InlineData("ab/c")]
    [InlineData("Lake/trips")]
    [InlineData("my_lake/trips")]
    [InlineData("my--lake/trips")]
    [InlineData("-lake/trips")]
    [InlineData("lake-/trips")]
    [InlineData("$logs/trips")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123/c")]
    public async Task AnyCall_NoContainersName_IsInvalid(string path)
    {
        var store = await AccountAsync();
        await FailsAsync(StorageFailure.InvalidPath, () => store.OpenAsync(path, Cancellation));
        await FailsAsync(StorageFailure.InvalidPath, () => store.PutAsync(path, Bytes(1), PutCondition.None, Cancellation));
        await FailsAsync(StorageFailure.InvalidPath, async () => await store.ListAsync(path, Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Put_ContainerAlone_IsInvalid()
    {
        var store = await AccountAsync();
        await FailsAsync(StorageFailure.InvalidPath, () => store.PutAsync(_container, Bytes(1), PutCondition.None, Cancellation));
        await FailsAsync(StorageFailure.InvalidPath, () => store.TryLeaseAsync(_container, Cancellation));
    }

    [Fact]
    public async Task MissingContainer_HoldsNothing()
    {
        Assert.Null(await Store.OpenAsync("a", Cancellation));
        Assert.Empty(await ListAsync(""));
        Assert.Empty(await ListAsync("a"));
        await Store.DeleteAsync("a", Cancellation);
        await FailsAsync(StorageFailure.Changed, () => ReadPinnedAsync(new("a", 1, "0x1")));
        await FailsAsync(StorageFailure.Conflict, () => Store.PutAsync("a", Bytes(1), PutCondition.IfMatch("0x1"), Cancellation));
        Assert.Empty(await ListAsync(""));
        await using var lease = await Store.TryLeaseAsync("lock", Cancellation);
        Assert.NotNull(lease);
    }

    [Fact]
    public async Task Put_ManyAtOnceIntoAMissingContainer_AllSucceed()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Store.PutAsync($"{i}", Bytes(1), PutCondition.IfAbsent, Cancellation)));
        Assert.Equal(16, (await ListAsync("")).Count);
    }

    [Fact]
    public async Task List_WholeAccount_IsInOrderOfPaths()
    {
        // '-' comes before the '/' that ends the shorter name.
        await using var server = await AzuriteServer.StartAsync();
        var store = BlobObjectStore.InAzurite(server.Endpoint);
        string[] paths = ["lake-b/x", "lake/a/x", "lake/b", "lake0/x"];
        foreach (var path in paths) await store.PutAsync(path, Bytes(1), PutCondition.None, Cancellation);
        Assert.Equal(paths, await store.ListAsync("", Cancellation).Select(found => found.Path).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task List_ForeignNames_AreListedButFoldersMarkersAreNot()
    {
        await Store.PutAsync("data/a", Bytes(1), PutCondition.None, Cancellation);
        var container = await ContainerAsync();
        var folder = new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["hdi_isfolder"] = "true" } };
        await container.GetBlobClient("data").UploadAsync(BinaryData.Empty, folder, Cancellation);
        await container.GetBlobClient("data/sub").UploadAsync(BinaryData.Empty, folder, Cancellation);
        await container.GetBlobClient("data/empty").UploadAsync(BinaryData.Empty, Cancellation);
        await container.GetBlobClient("data/marker/").UploadAsync(BinaryData.Empty, Cancellation);
        await container.GetBlobClient("data/full/").UploadAsync(new BinaryData("x"), Cancellation);
        await container.GetBlobClient("data//twice").UploadAsync(new BinaryData("x"), Cancellation);
        Assert.Equal(["data//twice", "data/a", "data/empty", "data/full/"], (await ListAsync("data")).Select(found => found.Path));
        Assert.Null(await Store.OpenAsync("data", Cancellation));
        Assert.Null(await Store.OpenAsync("data/sub", Cancellation));
        await FailsAsync(StorageFailure.InvalidPath, () => Store.OpenAsync("data//twice", Cancellation));
    }

    [Fact]
    public async Task Open_StoredWithAnotherMd5_IsUnreachable()
    {
        await Store.PutAsync("a", Bytes(10), PutCondition.None, Cancellation);
        await (await ContainerAsync()).GetBlobClient("a").SetHttpHeadersAsync(new() { ContentHash = new byte[16] }, cancellationToken: Cancellation);
        Assert.Contains("MD5", (await Assert.ThrowsAsync<StorageException>(() => Store.OpenAsync("a", Cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_Small_IsStoredWithItsMd5()
    {
        await Store.PutAsync("a", Bytes(10), PutCondition.None, Cancellation);
        var properties = await (await ContainerAsync()).GetBlobClient("a").GetPropertiesAsync(cancellationToken: Cancellation);
        Assert.Equal(16, properties.Value.ContentHash?.Length);
    }

    async Task<BlobObjectStore> AccountAsync() => BlobObjectStore.InAzurite(await azurite.EndpointAsync());

    async Task<BlobContainerClient> ContainerAsync() => BlobStoreTest.Foreign(await azurite.EndpointAsync(), _container);
}
