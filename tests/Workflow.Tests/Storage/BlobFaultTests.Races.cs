using CsCheck;
using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>Faults while others write, and faults in any order.</summary>
public sealed partial class BlobFaultTests
{
    [Theory]
    [InlineData(Small, Fault.None)]
    [InlineData(Small, Fault.Busy)]
    [InlineData(Small, Fault.Reset)]
    [InlineData(Large, Fault.None)]
    [InlineData(Large, Fault.Reset)]
    public async Task PutIfAbsent_WhereAnotherWas_IsConflict(int length, Fault fault)
    {
        var other = await Plain.PutAsync(In("a"), Bytes(5), PutCondition.None, Cancellation);
        Faults.Fail(fault, length == Small ? BlobCall.Put : BlobCall.Commit);
        await FailsAsync(StorageFailure.Conflict, () => Store.PutAsync(In("a"), Bytes(length), PutCondition.IfAbsent, Cancellation));
        await VerifyAsync(5, other);
    }

    [Theory]
    [InlineData(Small, Fault.None, StorageFailure.Conflict)]
    [InlineData(Small, Fault.Busy, StorageFailure.Conflict)]
    [InlineData(Large, Fault.None, StorageFailure.Conflict)]
    // It may have taken effect before the other came.
    [InlineData(Small, Fault.LostReply, StorageFailure.Unreachable)]
    [InlineData(Large, Fault.LostReply, StorageFailure.Unreachable)]
    public async Task PutIfMatch_AnotherWriterBetweenTries_IsConflictOnlyWhenItIsCertain(int length, Fault fault, StorageFailure expected)
    {
        var old = await Plain.PutAsync(In("a"), Bytes(1), PutCondition.None, Cancellation);
        var call = length == Small ? BlobCall.Put : BlobCall.Commit;
        ObjectProperties? other = null;
        Faults.Script = async request =>
        {
            if (request.Call != call || other is not null) return Fault.None;
            if (fault != Fault.None && Faults.Count(call) == 1) return fault;
            other = await Plain.PutAsync(In("a"), Bytes(5), PutCondition.None, Cancellation);
            return Fault.None;
        };
        await FailsAsync(expected, () => Store.PutAsync(In("a"), Bytes(length), PutCondition.IfMatch(old.ETag), Cancellation));
        await VerifyAsync(5, other!);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_BlocksDroppedByAnotherCommit_StartsAgainWhenItCan(bool canSeek)
    {
        var other = BlobObjectStore.InAzurite(Endpoint, new() { BlockBytes = BlockBytes });
        Faults.Script = async request =>
        {
            if (request.Call == BlobCall.Commit && Faults.Count(BlobCall.Commit) == 1) await other.PutAsync(In("a"), Bytes(Large + 1), PutCondition.None, Cancellation);
            return Fault.None;
        };
        await using var content = canSeek ? new MemoryStream(Bytes(Large)) : new ForwardStream(Bytes(Large));
        if (canSeek) await VerifyAsync(Large, await Store.PutAsync(In("a"), content, PutCondition.None, Cancellation));
        else await FailsAsync(StorageFailure.Unreachable, () => Store.PutAsync(In("a"), content, PutCondition.None, Cancellation));
    }

    [Fact]
    public async Task Read_ReplacedWhileTheBodyWasCut_IsChanged()
    {
        var put = await Plain.PutAsync(In("a"), Bytes(300_000), PutCondition.None, Cancellation);
        Faults.Script = async request =>
        {
            if (request.Ordinal == 1) return Fault.CutBody;
            await Plain.PutAsync(In("a"), Bytes(300_000), PutCondition.None, Cancellation);
            return Fault.None;
        };
        await using var reader = await Store.OpenAsync(put, Cancellation);
        await FailsAsync(StorageFailure.Changed, async () => await reader.ReadAsync(0, new byte[300_000], Cancellation));
        Assert.All(Faults.Sent, request => Assert.True(request.HasIfMatch));
    }

    [Fact]
    public async Task Open_ReplacedWhileTheFirstBytesWereCut_GivesTheNewer()
    {
        await Plain.PutAsync(In("a"), Bytes(50_000), PutCondition.None, Cancellation);
        Faults.Script = async request =>
        {
            if (request.Ordinal == 1) return Fault.CutBody;
            if (request.Ordinal == 2) await Plain.PutAsync(In("a"), Bytes(40_000), PutCondition.None, Cancellation);
            return Fault.None;
        };
        Assert.Equal(Bytes(40_000), await Store.ReadAllAsync(In("a"), 50_000, Cancellation));
    }

    [Fact]
    public async Task Read_AnsweredWithAnotherVersion_IsChanged()
    {
        var put = await Plain.PutAsync(In("a"), Bytes(1000), PutCondition.None, Cancellation);
        Faults.Fail(Fault.OtherETag);
        await using var reader = await Store.OpenAsync(put, Cancellation);
        await FailsAsync(StorageFailure.Changed, async () => await reader.ReadAsync(0, new byte[10], Cancellation));
    }

    [Fact]
    public async Task Read_AnsweredWithAnotherRange_IsUnreachable()
    {
        var put = await Plain.PutAsync(In("a"), Bytes(1000), PutCondition.None, Cancellation);
        Faults.Fail(Fault.OtherRange);
        await using var reader = await Store.OpenAsync(put, Cancellation);
        await FailsAsync(StorageFailure.Unreachable, async () => await reader.ReadAsync(500, new byte[10], Cancellation));
    }

    [Fact]
    public async Task Lease_OfABlobDeletedBeforeItIsTaken_IsMadeAgain()
    {
        await using (await Plain.TryLeaseAsync(In("lock"), Cancellation)) { }
        Faults.Script = async request =>
        {
            if (request.Ordinal == 1) await Plain.DeleteAsync(In("lock"), Cancellation);
            return Fault.None;
        };
        await using var lease = await Store.TryLeaseAsync(In("lock"), Cancellation);
        Assert.NotNull(lease);
    }

    /// <param name="Kind">0: put, 1: put if absent, 2: put over the newest version seen, 3: read, 4: delete, 5: list.</param>
    sealed record Step(int Kind, string Path, int Length, Fault Fault);

    static readonly Gen<Step[]> Steps = Gen.Select(Gen.Int[0, 5], Gen.OneOf(Gen.Const("a"), Gen.Const("b"), Gen.Const("d/c")), Gen.Int[0, 2000], Gen.Int[-1, Everywhere.Length - 1].Select(i => i < 0 ? Fault.None : Everywhere[i]),
        (kind, path, length, fault) => new Step(kind, path, length, fault)).Array[1, 12];

    [Fact]
    public async Task RandomCalls_UnderRandomSingleFaults_DoWhatMemoryDoes()
    {
        var round = 0;
        await Steps.SampleAsync(async steps =>
        {
            SetTimeout(ShortTimeout);
            var store = new StoreBelow(Store, In($"round{round++}"));
            var model = new MemoryObjectStore();
            string? etag = null, modelETag = null;
            foreach (var step in steps)
            {
                Faults.Fail(step.Fault);
                var (done, newETag) = await DoAsync(store, step, etag);
                var (expected, newModelETag) = await DoAsync(model, step, modelETag);
                // Where a reply was lost before the refusal, no one can tell whether the put took effect and was replaced.
                if (step is { Kind: 2, Fault: Fault.ServerError or Fault.Hang or Fault.Reset or Fault.LostReply } && expected == "Conflict") expected = "Unreachable";
                Assert.Equal(expected, done);
                (etag, modelETag) = (newETag ?? etag, newModelETag ?? modelETag);
            }
        }, iter: 15, threads: 1);
    }

    /// <summary>What the step gave, as text, and the ETag that it put.</summary>
    static async Task<(string Given, string? Put)> DoAsync(IObjectStore store, Step step, string? etag)
    {
        var path = step.Path;
        try
        {
            switch (step.Kind)
            {
                case 0 or 1 or 2:
                    var condition = step.Kind switch { 0 => PutCondition.None, 1 => PutCondition.IfAbsent, _ => PutCondition.IfMatch(etag ?? "none") };
                    var put = await store.PutAsync(path, Bytes(step.Length), condition, Cancellation);
                    return ($"put {put.Path} {put.Length}", put.ETag);
                case 3:
                    return (await store.ReadAllAsync(path, 2000, Cancellation) is { } read ? Convert.ToHexString(read) : "absent", null);
                case 4:
                    await store.DeleteAsync(path, Cancellation);
                    return ("deleted", null);
                default:
                    return (string.Join(' ', await store.ListAsync("", Cancellation).Select(found => $"{found.Path}:{found.Length}").ToListAsync(Cancellation)), null);
            }
        }
        catch (StorageException e)
        {
            return (e.Failure.ToString(), null);
        }
    }

    sealed class ForwardStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
