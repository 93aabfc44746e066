using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

public abstract partial class ObjectStoreContract
{
    const int Writers = 64;

    [Fact]
    public async Task PutIfAbsent_ManyAtOnce_ExactlyOneWins()
    {
        for (var round = 0; round < Rounds(5); round++)
        {
            var path = $"race/{round}/once";
            var started = new Rendezvous(Writers);
            var won = await RaceAsync(writer => Store.PutAsync(path, new MeetingStream((byte)writer, started), PutCondition.IfAbsent, Cancellation));
            var winner = Assert.Single(won);
            Assert.Equal(new[] { (byte)winner.Writer }, await Store.ReadAllAsync(path, 1, Cancellation));
            Assert.Equal([winner.Put], await ListAsync($"race/{round}"));
        }
    }

    [Fact]
    public async Task PutIfMatch_ManyAtOnce_ExactlyOneWinsPerVersion()
    {
        var current = await Store.PutAsync("race", new[] { (byte)255 }, PutCondition.IfAbsent, Cancellation);
        var seen = new HashSet<string> { current.ETag };
        for (var round = 0; round < Rounds(10); round++)
        {
            var started = new Rendezvous(Writers);
            var won = await RaceAsync(writer => Store.PutAsync("race", new MeetingStream((byte)writer, started), PutCondition.IfMatch(current.ETag), Cancellation));
            var winner = Assert.Single(won);
            Assert.Equal(new[] { (byte)winner.Writer }, await Store.ReadAllAsync("race", 1, Cancellation));
            Assert.True(seen.Add(winner.Put.ETag));
            current = winner.Put;
        }
    }

    [Fact]
    public async Task PutIfMatch_CountersUnderContention_LoseNoIncrement()
    {
        var increments = Rounds(25);
        await Store.PutAsync("counter", BitConverter.GetBytes(0), PutCondition.IfAbsent, Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < increments; i++)
            {
                while (!await TryIncrementAsync()) { }
            }
        })));
        Assert.Equal(BitConverter.GetBytes(8 * increments), await Store.ReadAllAsync("counter", 4, Cancellation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_LargeByManyAtOnce_IsAlwaysOneWritersBytes(bool onlyOnce)
    {
        var contents = Enumerable.Range(0, 3).Select(writer => Bytes(LargerThanOneRequest + writer)).ToList();
        for (var round = 0; round < Rounds(6); round++)
        {
            var path = $"race/{round}/large";
            using var done = new CancellationTokenSource();
            var seen = Task.Run(async () =>
            {
                while (!done.IsCancellationRequested) IsOneOf(contents, await Store.ReadAllAsync(path, 10_000_000, Cancellation));
            }, Cancellation);
            var won = await RaceAsync(writer => Store.PutAsync(path, contents[writer], onlyOnce ? PutCondition.IfAbsent : PutCondition.None, Cancellation), contents.Count);
            await done.CancelAsync();
            await seen;
            Assert.Equal(onlyOnce ? 1 : contents.Count, won.Count);
            var last = IsOneOf(contents, await Store.ReadAllAsync(path, 10_000_000, Cancellation));
            if (onlyOnce) Assert.Equal(won[0].Writer, last);
            Assert.Equal(won.Single(w => w.Writer == last).Put, Assert.Single(await ListAsync($"race/{round}")));
        }

        static int? IsOneOf(List<byte[]> contents, byte[]? read)
        {
            if (read is null) return null;
            var writer = contents.FindIndex(content => content.AsSpan().SequenceEqual(read));
            Assert.True(writer >= 0, "the object has bytes that no writer wrote whole");
            return writer;
        }
    }

    [Fact]
    public async Task PutAndDelete_InOneFolderAtOnce_NeverFail()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < Rounds(40); i++)
            {
                await Store.PutAsync($"deep/er/{i % 3}/{writer}", new[] { (byte)i }, i % 2 == 0 ? PutCondition.IfAbsent : PutCondition.None, Cancellation);
                await Store.DeleteAsync($"deep/er/{i % 3}/{writer}", Cancellation);
            }
            await Store.PutAsync($"deep/end/{writer}", Bytes(1), PutCondition.IfAbsent, Cancellation);
        })));
        Assert.Equal(16, (await ListAsync("")).Count);
    }

    [Fact]
    public async Task PutAndDelete_OfOneObjectAtOnce_NeverFail()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < Rounds(100); i++)
            {
                if (writer % 2 == 0) await Store.PutAsync("one/object", Bytes(10), PutCondition.None, Cancellation);
                else await Store.DeleteAsync("one/object", Cancellation);
            }
        })));
        await Store.DeleteAsync("one/object", Cancellation);
        Assert.Empty(await ListAsync(""));
        await Store.PutAsync("one", Bytes(1), PutCondition.IfAbsent, Cancellation);
    }

    [Fact]
    public async Task List_WhilePutsAndDeletesRun_SeesOnlyWholeObjects()
    {
        var writers = Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < Rounds(50); i++)
            {
                await Store.PutAsync($"d{i % 5}/{writer}", Bytes(5000), PutCondition.None, Cancellation);
                if (i % 3 == 0) await Store.DeleteAsync($"d{i % 5}/{writer}", Cancellation);
            }
        })));
        do
        {
            foreach (var found in await ListAsync(""))
            {
                Assert.Matches("^d[0-4]/[0-3]$", found.Path);
                Assert.Equal(5000, found.Length);
            }
        }
        while (!writers.IsCompleted);
        await writers;
    }

    async Task<bool> TryIncrementAsync()
    {
        try
        {
            await using var reader = await OpenAsync("counter");
            var value = new byte[4];
            await reader.ReadAsync(0, value, Cancellation);
            var next = BitConverter.GetBytes(BitConverter.ToInt32(value) + 1);
            await Store.PutAsync("counter", next, PutCondition.IfMatch(reader.Properties.ETag), Cancellation);
            return true;
        }
        catch (StorageException e) when (e.Failure is StorageFailure.Conflict or StorageFailure.Changed)
        {
            return false;
        }
    }

    static async Task<List<(int Writer, ObjectProperties Put)>> RaceAsync(Func<int, Task<ObjectProperties>> put, int writers = Writers)
    {
        var results = Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            try
            {
                return (writer, await put(writer));
            }
            catch (StorageException e) when (e.Failure == StorageFailure.Conflict)
            {
                return (writer, (ObjectProperties?)null);
            }
        }));
        return [.. (await Task.WhenAll(results)).Where(r => r.Item2 is not null).Select(r => (r.writer, r.Item2!))];
    }

    sealed class Rendezvous(int expected)
    {
        readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _arrived;

        public Task MeetAsync()
        {
            if (Interlocked.Increment(ref _arrived) == expected) _complete.SetResult();
            return _complete.Task;
        }
    }

    // Gives its byte once all writers are past whatever a store looks up before it reads the content.
    sealed class MeetingStream(byte content, Rendezvous started) : MemoryStream([content])
    {
        bool _met;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!_met) await started.MeetAsync();
            _met = true;
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
