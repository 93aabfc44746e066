using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>What every store must do; one subclass per store.</summary>
public abstract partial class ObjectStoreContract
{
    // Blob Storage takes it in blocks.
    protected const int LargerThanOneRequest = 9_000_000;

    protected abstract IObjectStore Store { get; }

    /// <summary>How often to repeat what <paramref name="usual"/> times are right for where a call takes microseconds.</summary>
    protected virtual int Rounds(int usual) => usual;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300_000)]
    [InlineData(LargerThanOneRequest)]
    public async Task Put_AnyLength_IsReadBackWhole(int length)
    {
        var content = Bytes(length);
        var put = await Store.PutAsync("a/b/c.bin", content, PutCondition.None, Cancellation);
        Assert.Equal(new ObjectProperties("a/b/c.bin", length, put.ETag), put);
        await using var reader = await OpenAsync("a/b/c.bin");
        Assert.Equal(put, reader.Properties);
        Assert.Equal(content, await Store.ReadAllAsync("a/b/c.bin", length, Cancellation));
        Assert.Equal([put], await ListAsync(""));
    }

    [Fact]
    public async Task Put_FromAStreamInTheMiddle_WritesTheRest()
    {
        using var stream = new MemoryStream([1, 2, 3, 4]) { Position = 2 };
        await Store.PutAsync("a", stream, PutCondition.None, Cancellation);
        Assert.Equal([3, 4], await Store.ReadAllAsync("a", 10, Cancellation));
    }

    [Fact]
    public async Task Read_ManyRangesAtOnce_GiveTheirBytes()
    {
        var content = Bytes(100_003);
        await Store.PutAsync("a", content, PutCondition.None, Cancellation);
        await using var reader = await OpenAsync("a");
        await Task.WhenAll(Enumerable.Range(0, 97).Select(async i =>
        {
            var range = new byte[i * 523];
            await reader.ReadAsync(i * 509, range, Cancellation);
            Assert.True(content.AsSpan(i * 509, range.Length).SequenceEqual(range));
        }));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 11)]
    [InlineData(10, 1)]
    [InlineData(11, 0)]
    [InlineData(long.MaxValue, 1)]
    public async Task Read_OutsideTheObject_IsRefused(long offset, int count)
    {
        await Store.PutAsync("a", Bytes(10), PutCondition.None, Cancellation);
        await using var reader = await OpenAsync("a");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await reader.ReadAsync(offset, new byte[count], Cancellation));
        await reader.ReadAsync(10, Memory<byte>.Empty, Cancellation);
    }

    [Fact]
    public async Task Open_Absent_IsNull()
    {
        await Store.PutAsync("a/b", Bytes(1), PutCondition.None, Cancellation);
        Assert.Null(await Store.OpenAsync("a", Cancellation));
        Assert.Null(await Store.OpenAsync("a/b/c", Cancellation));
        Assert.Null(await Store.ReadAllAsync("z/z", 10, Cancellation));
    }

    [Fact]
    public async Task Open_AnotherETag_IsChanged()
    {
        var first = await Store.PutAsync("a", Bytes(1), PutCondition.None, Cancellation);
        var second = await Store.PutAsync("a", Bytes(1), PutCondition.None, Cancellation);
        Assert.NotEqual(first.ETag, second.ETag);
        await FailsAsync(StorageFailure.Changed, () => ReadPinnedAsync(first));
        await ReadPinnedAsync(second);
        await Store.DeleteAsync("a", Cancellation);
        await FailsAsync(StorageFailure.Changed, () => ReadPinnedAsync(second));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_AfterOverwriteOrDelete_IsChanged(bool delete)
    {
        await Store.PutAsync("a", Bytes(200_000), PutCondition.None, Cancellation);
        await using var reader = await OpenAsync("a");
        await reader.ReadAsync(0, new byte[5], Cancellation);
        if (delete) await Store.DeleteAsync("a", Cancellation);
        else await Store.PutAsync("a", Bytes(200_000), PutCondition.None, Cancellation);
        await FailsAsync(StorageFailure.Changed, async () => await reader.ReadAsync(100_000, new byte[5], Cancellation));
    }

    [Fact]
    public async Task ReadAll_LargerThanAllowed_IsTooLarge()
    {
        await Store.PutAsync("a", Bytes(11), PutCondition.None, Cancellation);
        await FailsAsync(StorageFailure.TooLarge, () => Store.ReadAllAsync("a", 10, Cancellation));
    }

    [Fact]
    public async Task Put_ConditionDoesNotHold_WritesNothing()
    {
        await FailsAsync(StorageFailure.Conflict, () => Store.PutAsync("a/b", Bytes(1), PutCondition.IfMatch("1"), Cancellation));
        Assert.Empty(await ListAsync(""));
        var first = await Store.PutAsync("a/b", Bytes(1), PutCondition.IfAbsent, Cancellation);
        await FailsAsync(StorageFailure.Conflict, () => Store.PutAsync("a/b", Bytes(2), PutCondition.IfAbsent, Cancellation));
        await FailsAsync(StorageFailure.Conflict, () => Store.PutAsync("a/b", Bytes(2), PutCondition.IfMatch(first.ETag + "0"), Cancellation));
        Assert.Equal([first], await ListAsync(""));
        var second = await Store.PutAsync("a/b", Bytes(2), PutCondition.IfMatch(first.ETag), Cancellation);
        Assert.Equal([second], await ListAsync(""));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(LargerThanOneRequest)]
    public async Task Put_BrokenContent_LeavesNothing(int length)
    {
        await using var content = new BrokenStream(length);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Store.PutAsync("a/b", content, PutCondition.None, Cancellation));
        Assert.Empty(await ListAsync(""));
        await Store.PutAsync("a", Bytes(1), PutCondition.None, Cancellation);
    }

    [Fact]
    public async Task DeleteVersion_OfAnotherVersion_LeavesWhatIsThere()
    {
        var first = await Store.PutAsync("a/b", Bytes(3), PutCondition.None, Cancellation);
        var second = await Store.PutAsync("a/b", Bytes(4), PutCondition.None, Cancellation);
        await Store.DeleteVersionAsync("a/b", first.ETag, Cancellation);
        Assert.Equal([second], await ListAsync(""));
        await Store.DeleteVersionAsync("a/b", second.ETag, Cancellation);
        Assert.Empty(await ListAsync(""));
        await Store.DeleteVersionAsync("a/b", second.ETag, Cancellation);
    }

    [Fact]
    public async Task Delete_TwiceOrAFolder_Succeeds()
    {
        await Store.PutAsync("a/b", Bytes(1), PutCondition.None, Cancellation);
        await Store.DeleteAsync("a", Cancellation);
        Assert.Single(await ListAsync(""));
        await Store.DeleteAsync("a/b", Cancellation);
        await Store.DeleteAsync("a/b", Cancellation);
        await Store.DeleteAsync("x/y/z", Cancellation);
        Assert.Empty(await ListAsync(""));
        await Store.PutAsync("a", Bytes(1), PutCondition.None, Cancellation);
    }

    [Theory]
    [MemberData(nameof(ObjectPathTests.Invalid), MemberType = typeof(ObjectPathTests))]
    public async Task AnyCall_InvalidPath_IsRefused(string path)
    {
        await FailsAsync(StorageFailure.InvalidPath, () => Store.OpenAsync(path, Cancellation));
        await FailsAsync(StorageFailure.InvalidPath, () => Store.PutAsync(path, Bytes(1), PutCondition.None, Cancellation));
        await FailsAsync(StorageFailure.InvalidPath, () => Store.DeleteAsync(path, Cancellation));
        if (path.Length > 0) await FailsAsync(StorageFailure.InvalidPath, () => ListAsync(path));
    }

    [Fact]
    public async Task AnyCall_Cancelled_DoesNothing()
    {
        await Store.PutAsync("a", Bytes(1), PutCondition.None, Cancellation);
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.OpenAsync("a", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("b", Bytes(1), PutCondition.IfAbsent, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.DeleteAsync("a", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ListAsync("", cancelled).ToListAsync(Cancellation));
        Assert.Equal(["a"], (await ListAsync("")).Select(o => o.Path));
    }

    protected static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    protected async Task<IObjectReader> OpenAsync(string path) =>
        await Store.OpenAsync(path, Cancellation) ?? throw new InvalidOperationException($"'{path}' is absent");

    protected async Task ReadPinnedAsync(ObjectProperties version)
    {
        await using var reader = await Store.OpenAsync(version, Cancellation);
        Assert.Equal(version, reader.Properties);
        await reader.ReadAsync(0, new byte[version.Length], Cancellation);
    }

    protected async Task<List<ObjectProperties>> ListAsync(string folder) => await Store.ListAsync(folder, Cancellation).ToListAsync(Cancellation);

    protected static async Task FailsAsync(StorageFailure failure, Func<Task> action) =>
        Assert.Equal(failure, (await Assert.ThrowsAsync<StorageException>(action)).Failure);

    sealed class BrokenStream(int length) : MemoryStream(new byte[length])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new InvalidTimeZoneException();
    }
}
