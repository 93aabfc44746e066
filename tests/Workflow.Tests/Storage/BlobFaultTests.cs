using Azure.Storage.Blobs.Specialized;
using Fanfold.Storage;
using Fanfold.Tests;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>Every call under every fault: once, and for ever.</summary>
public sealed partial class BlobFaultTests(Azurite azurite) : BlobStoreTest(azurite)
{
    const int Small = 1000, Large = 5 * BlockBytes + 1;

    static readonly Fault[] Everywhere = [Fault.Busy, Fault.TooMany, Fault.ServerError, Fault.Hang, Fault.Reset, Fault.LostReply];
    static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(1);
    static readonly Fault[] InBodies = [Fault.CutBody, Fault.HangingBody];

    static readonly Dictionary<string, (BlobCall Call, Func<BlobFaultTests, Task> Run, Fault[] More)> Calls = new()
    {
        ["put"] = (BlobCall.Put, t => t.PutAsync(Small, PutCondition.None), [Fault.FlippedRequest]),
        ["put if absent"] = (BlobCall.Put, t => t.PutAsync(Small, PutCondition.IfAbsent), [Fault.FlippedRequest]),
        ["put if match"] = (BlobCall.Put, t => t.PutIfMatchAsync(Small), [Fault.FlippedRequest]),
        ["stage"] = (BlobCall.StageBlock, t => t.PutAsync(Large, PutCondition.None), [Fault.FlippedRequest]),
        ["commit"] = (BlobCall.Commit, t => t.PutAsync(Large, PutCondition.None), []),
        ["commit if absent"] = (BlobCall.Commit, t => t.PutAsync(Large, PutCondition.IfAbsent), []),
        ["commit if match"] = (BlobCall.Commit, t => t.PutIfMatchAsync(Large), []),
        ["open"] = (BlobCall.Get, t => t.ReadAllAsync(Small), [Fault.FlippedResponse, .. InBodies]),
        ["open absent"] = (BlobCall.Get, t => t.OpenAbsentAsync(), InBodies),
        ["open empty"] = (BlobCall.Head, t => t.ReadAllAsync(0), []),
        ["read"] = (BlobCall.Get, t => t.ReadTailAsync(), [Fault.ShortBody, Fault.FlippedResponse, .. InBodies]),
        ["list"] = (BlobCall.List, t => t.ListAsync(), [Fault.CutBody]),
        ["list one"] = (BlobCall.Head, t => t.ListAsync(), []),
        ["delete"] = (BlobCall.Delete, t => t.DeleteAsync(), []),
        ["lease"] = (BlobCall.Lease, t => t.LeaseAsync(), []),
    };

    public static TheoryData<string, Fault> Cases =>
        [.. Calls.SelectMany(call => Everywhere.Concat(call.Value.More).Select(fault => new TheoryDataRow<string, Fault>(call.Key, fault)))];

    public static TheoryData<string, Fault> CasesWithoutHanging =>
        [.. Cases.Where(row => row.Data.Item2 is not (Fault.Hang or Fault.HangingBody))];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Call_FaultOnce_TakesEffectOnce(string call, Fault fault)
    {
        if (fault is Fault.Hang or Fault.HangingBody) SetTimeout(ShortTimeout);
        Faults.Fail(fault, Calls[call].Call);
        await Calls[call].Run(this);
        Assert.True(Faults.Count(Calls[call].Call) > 1, "the fault was met, so the request was sent again");
    }

    [Theory]
    [MemberData(nameof(CasesWithoutHanging))]
    public async Task Call_FaultForEver_FailsTyped(string call, Fault fault)
    {
        Faults.Fail(fault, Calls[call].Call, int.MaxValue);
        var exception = await FailsAsync(fault is Fault.Busy or Fault.TooMany ? StorageFailure.Throttled : StorageFailure.Unreachable, () => Calls[call].Run(this));
        Assert.Equal(In("a"), exception.Path);
        Assert.Equal(fault == Fault.TooMany ? TimeSpan.FromMilliseconds(20) : null, exception.RetryAfter);
        Assert.InRange(Faults.Count(Calls[call].Call), 5, 60);
    }

    // All at once, as each waits for several timeouts.
    [Fact]
    public async Task EveryCall_HangingForEver_FailsTyped() =>
        await Task.WhenAll(Cases.Except(CasesWithoutHanging).Select(async row =>
        {
            var test = new BlobFaultTests(Azurite);
            await test.InitializeAsync();
            test.SetTimeout(ShortTimeout);
            await test.Call_FaultForEver_FailsTyped(row.Data.Item1, row.Data.Item2);
        }));

    public static TheoryData<string, Fault> CasesBeforeBodies => [.. Calls.Keys.SelectMany(call => Everywhere.Select(fault => new TheoryDataRow<string, Fault>(call, fault)))];

    [Theory]
    [MemberData(nameof(CasesBeforeBodies))]
    public async Task Call_PatienceIsUp_IsNotSentAgain(string call, Fault fault)
    {
        SetTimeout(TimeSpan.FromSeconds(fault == Fault.Hang ? 0.3 : 30), TimeSpan.Zero);
        Faults.Fail(fault, Calls[call].Call, int.MaxValue);
        await FailsAsync(fault is Fault.Busy or Fault.TooMany ? StorageFailure.Throttled : StorageFailure.Unreachable, () => Calls[call].Run(this));
        // Blocks are on their way beside each other.
        Assert.InRange(Faults.Count(Calls[call].Call), 1, call == "stage" ? 3 : 1);
    }

    [Fact]
    public async Task Store_SilentForLong_IsAskedOnceUntilItAnswers()
    {
        SetTimeout(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.4));
        Assert.Equal(1, await TriesAsync(Fault.Hang));
        Assert.Equal(1, await TriesAsync(Fault.Reset));
        await Store.PutAsync(In("b"), Bytes(1), PutCondition.None, Cancellation);
        Assert.InRange(await TriesAsync(Fault.Reset), 2, 6);

        async Task<int> TriesAsync(Fault fault)
        {
            var before = Faults.Count(BlobCall.Get);
            Faults.Fail(fault, BlobCall.Get, int.MaxValue);
            await FailsAsync(StorageFailure.Unreachable, OpenAbsentAsync);
            Faults.Fail(Fault.None);
            return Faults.Count(BlobCall.Get) - before;
        }
    }

    [Theory]
    [InlineData(Fault.Reset, StorageFailure.Unreachable)]
    [InlineData(Fault.Busy, StorageFailure.Throttled)]
    public async Task LeaseDelete_Faulty_FailsTyped(Fault fault, StorageFailure failure)
    {
        await using var lease = await Store.TryLeaseAsync(In("a"), Cancellation);
        Faults.Fail(fault, BlobCall.Delete, int.MaxValue);
        await FailsAsync(failure, () => lease!.DeleteAsync(Cancellation));
    }

    [Fact]
    public async Task LeaseDelete_OfOneThatAnotherHas_LeavesItToThat()
    {
        var lease = await Store.TryLeaseAsync(In("a"), Cancellation);
        var blob = Foreign(Endpoint!, Container).GetBlobClient("a");
        await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancellation);
        await using var other = await Plain.TryLeaseAsync(In("a"), Cancellation);
        await lease!.DeleteAsync(Cancellation);
        Assert.True(await blob.ExistsAsync(Cancellation));
    }

    /// <summary>The client asks for the rest of a body that stops, each time it stops, and gets none.</summary>
    [Theory]
    [InlineData("open")]
    [InlineData("read")]
    public async Task Body_SilentFromItsMiddleOn_IsGivenUp(string call)
    {
        // Together half a second, in which the client itself does nothing yet.
        SetTimeout(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(-29.5));
        Faults.Fail(Fault.HangingBody, Calls[call].Call, int.MaxValue);
        await FailsAsync(StorageFailure.Unreachable, () => Calls[call].Run(this));
        Assert.Equal(1, Faults.Count(Calls[call].Call));
    }

    [Fact]
    public async Task RetryAfter_LongerThanPatience_IsLeftToTheCaller()
    {
        Faults.Answer = _ => new FakeResponse(429, "TooManyRequests", ("Retry-After", "3600"));
        var exception = await FailsAsync(StorageFailure.Throttled, OpenAsync);
        Assert.Equal(TimeSpan.FromHours(1), exception.RetryAfter);
        Assert.Single(Faults.Sent);

        async Task OpenAsync() => await Store.OpenAsync(In("a"), Cancellation);
    }

    async Task PutAsync(int length, PutCondition condition) => await VerifyAsync(length, await Store.PutAsync(In("a"), Bytes(length), condition, Cancellation));

    async Task PutIfMatchAsync(int length)
    {
        var old = await Plain.PutAsync(In("a"), Bytes(1), PutCondition.None, Cancellation);
        await VerifyAsync(length, await Store.PutAsync(In("a"), Bytes(length), PutCondition.IfMatch(old.ETag), Cancellation));
    }

    async Task VerifyAsync(int length, ObjectProperties put)
    {
        Assert.Equal(Bytes(length), await Plain.ReadAllAsync(In("a"), length, Cancellation));
        Assert.Equal([put], await Plain.ListAsync(In("a"), Cancellation).ToListAsync(Cancellation));
    }

    async Task ReadAllAsync(int length)
    {
        await Plain.PutAsync(In("a"), Bytes(length), PutCondition.None, Cancellation);
        Assert.Equal(Bytes(length), await Store.ReadAllAsync(In("a"), length, Cancellation));
    }

    async Task OpenAbsentAsync() => Assert.Null(await Store.OpenAsync(In("a"), Cancellation));

    async Task ReadTailAsync()
    {
        var put = await Plain.PutAsync(In("a"), Bytes(300_000), PutCondition.None, Cancellation);
        await using var reader = await Store.OpenAsync(put, Cancellation);
        var tail = new byte[100_000];
        await reader.ReadAsync(200_000, tail, Cancellation);
        Assert.True(Bytes(300_000).AsSpan(200_000).SequenceEqual(tail));
    }

    async Task ListAsync()
    {
        var puts = new List<ObjectProperties>();
        foreach (var name in new[] { "a", "a/b", "a/c" }) puts.Add(await Plain.PutAsync(In(name), Bytes(1), PutCondition.None, Cancellation));
        Assert.Equal(puts, await Store.ListAsync(In("a"), Cancellation).ToListAsync(Cancellation));
    }

    async Task DeleteAsync()
    {
        await Plain.PutAsync(In("a"), Bytes(1), PutCondition.None, Cancellation);
        await Store.DeleteAsync(In("a"), Cancellation);
        Assert.Null(await Plain.OpenAsync(In("a"), Cancellation));
    }

    async Task LeaseAsync()
    {
        await using (var lease = await Store.TryLeaseAsync(In("a"), Cancellation))
        {
            Assert.NotNull(lease);
            Assert.Null(await Plain.TryLeaseAsync(In("a"), Cancellation));
        }
        await using var next = await Plain.TryLeaseAsync(In("a"), Cancellation);
        Assert.NotNull(next);
    }
}
