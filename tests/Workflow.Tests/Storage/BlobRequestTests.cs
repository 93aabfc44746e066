using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>How many requests a call makes: each has a latency and a price.</summary>
public sealed class BlobRequestTests(Azurite azurite) : BlobStoreTest(azurite)
{
    [Fact]
    public async Task OpenOfAVersionAndATailRead_IsOneRequest()
    {
        var put = await Plain.PutAsync(In("a"), Bytes(300_000), PutCondition.None, Cancellation);
        await using var reader = await Store.OpenAsync(put, Cancellation);
        Assert.Empty(Faults.Sent);
        var tail = new byte[65536];
        await reader.ReadAsync(300_000 - 65536, tail, Cancellation);
        Assert.True(Bytes(300_000).AsSpan(^65536..).SequenceEqual(tail));
        Assert.Equal([new SentRequest(1, BlobCall.Get, "bytes=234464-299999", true)], Faults.Sent);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_536)]
    public async Task ReadAll_Small_IsOneRequest(int length)
    {
        await Plain.PutAsync(In("a"), Bytes(length), PutCondition.None, Cancellation);
        Assert.Equal(Bytes(length), await Store.ReadAllAsync(In("a"), length, Cancellation));
        Assert.Equal([new SentRequest(1, BlobCall.Get, "bytes=0-65535", false)], Faults.Sent);
    }

    [Fact]
    public async Task ReadAll_Empty_IsTwoRequests()
    {
        await Plain.PutAsync(In("a"), Bytes(0), PutCondition.None, Cancellation);
        Assert.Empty((await Store.ReadAllAsync(In("a"), 0, Cancellation))!);
        Assert.Equal([BlobCall.Get, BlobCall.Head], Faults.Sent.Select(request => request.Call));
    }

    [Fact]
    public async Task Read_AcrossTheFirstBytes_AsksForTheRestOnly()
    {
        await Plain.PutAsync(In("a"), Bytes(100_000), PutCondition.None, Cancellation);
        await using var reader = await Store.OpenAsync(In("a"), Cancellation);
        var range = new byte[20_000];
        await reader!.ReadAsync(1_000, range, Cancellation);
        Assert.Single(Faults.Sent);
        await reader.ReadAsync(60_000, range, Cancellation);
        Assert.True(Bytes(100_000).AsSpan(60_000, 20_000).SequenceEqual(range));
        Assert.Equal(new SentRequest(2, BlobCall.Get, "bytes=65536-79999", true), Faults.Sent[1]);
        await reader.ReadAsync(100_000, Memory<byte>.Empty, Cancellation);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await reader.ReadAsync(90_000, range, Cancellation));
        Assert.Equal(2, Faults.Sent.Count);
    }

    [Theory]
    [InlineData(0, true, "Put")]
    [InlineData(BlockBytes, true, "Put")]
    [InlineData(BlockBytes, false, "Put")]
    [InlineData(BlockBytes + 1, true, "StageBlock StageBlock Commit")]
    [InlineData(8 * BlockBytes, false, "StageBlock StageBlock StageBlock StageBlock StageBlock StageBlock StageBlock StageBlock Commit")]
    public async Task Put_ByLength_IsOneRequestOrBlocks(int length, bool canSeek, string expected)
    {
        await using var content = canSeek ? new MemoryStream(Bytes(length)) : new ForwardStream(Bytes(length));
        var put = await Store.PutAsync(In("a"), content, PutCondition.IfAbsent, Cancellation);
        Assert.Equal(expected, string.Join(' ', Faults.Sent.Select(request => request.Call)));
        Assert.Equal(length, put.Length);
        Assert.Equal(Bytes(length), await Plain.ReadAllAsync(In("a"), length, Cancellation));
    }

    [Fact]
    public async Task Put_MissingContainer_MakesItOnce()
    {
        var container = Azurite.NewContainer();
        for (var i = 0; i < 3; i++) await Store.PutAsync($"{container}/{i}", Bytes(1), PutCondition.IfAbsent, Cancellation);
        Assert.Equal([BlobCall.Put, BlobCall.Container, BlobCall.Put, BlobCall.Put, BlobCall.Put], Faults.Sent.Select(request => request.Call));
    }

    [Fact]
    public async Task PathsThatNeedNoRequest_MakeNone()
    {
        Assert.Null(await Store.OpenAsync(Container, Cancellation));
        await Store.DeleteAsync(Container, Cancellation);
        var put = await Plain.PutAsync(In("a"), Bytes(1), PutCondition.None, Cancellation);
        // To the service '*' is any version.
        await FailsAsync(StorageFailure.Conflict, () => Store.PutAsync(In("a"), Bytes(2), PutCondition.IfMatch("*"), Cancellation));
        await using var reader = await Store.OpenAsync(put with { ETag = "*" }, Cancellation);
        await FailsAsync(StorageFailure.Changed, async () => await reader.ReadAsync(0, new byte[1], Cancellation));
        Assert.Empty(Faults.Sent);
    }

    sealed class ForwardStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
