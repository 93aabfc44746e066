using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>What stores with real folders must do besides.</summary>
public abstract class FolderStoreContract : ObjectStoreContract
{
    [Fact]
    public async Task Put_WhereAFolderOrObjectIsInTheWay_IsInvalid()
    {
        await Store.PutAsync("a/b", Bytes(1), PutCondition.None, Cancellation);
        foreach (var condition in new[] { PutCondition.None, PutCondition.IfAbsent })
        {
            await FailsAsync(StorageFailure.InvalidPath, () => Store.PutAsync("a", Bytes(1), condition, Cancellation));
            await FailsAsync(StorageFailure.InvalidPath, () => Store.PutAsync("a/b/c/d", Bytes(1), condition, Cancellation));
        }
    }
}
