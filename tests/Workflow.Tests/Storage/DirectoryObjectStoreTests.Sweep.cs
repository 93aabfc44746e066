using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

public sealed partial class DirectoryObjectStoreTests
{
    const string Leftover = ".0123456789abcdef0123456789abcdef.tmp";

    /// <summary>Content that acts when it is read, which is while the put is under way.</summary>
    sealed class ActingContent(Action act) : MemoryStream(new byte[100])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            act();
            return await base.ReadAsync(buffer, cancellationToken);
        }

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            act();
            return base.CopyToAsync(destination, bufferSize, cancellationToken);
        }
    }

    [Fact]
    public async Task Sweep_LeftByADeadWriter_IsGone()
    {
        Write("runs/a.bin", Bytes(10));
        Write("runs/below/b.bin", Bytes(10));
        foreach (var folder in (string[])["runs", "runs/below"]) File.WriteAllText(Path.Join(_root, folder, Leftover), "half");
        foreach (var foreign in (string[])[".tmp", "x" + Leftover, Leftover[..^1], ".0123456789abcdef0123456789abcdeg.tmp"]) Write("runs/" + foreign, Bytes(1));
        var objects = await ListAsync("");

        await Store.SweepAsync("runs", Cancellation);

        Assert.False(File.Exists(Path.Join(_root, "runs", Leftover)));
        Assert.True(File.Exists(Path.Join(_root, "runs/below", Leftover)));
        Assert.Equal(objects, await ListAsync(""));
    }

    [Fact]
    public async Task Sweep_LeftAfterTheObjectAppeared_IsGoneAndTheObjectStays()
    {
        var file = Write("a.bin", Bytes(10));
        // What a writer leaves that is killed between giving the file its name and taking the temporary one.
        using (var link = System.Diagnostics.Process.Start("ln", [file, Path.Join(_root, Leftover)])) await link.WaitForExitAsync(Cancellation);
        await using var reader = await OpenAsync("a.bin");

        await Store.SweepAsync("", Cancellation);

        Assert.False(File.Exists(Path.Join(_root, Leftover)));
        await reader.ReadAsync(0, new byte[10], Cancellation);
    }

    [Fact]
    public async Task Sweep_MissingFolder_IsNothing()
    {
        await Store.SweepAsync("nowhere/at/all", Cancellation);
        await FailsAsync(StorageFailure.InvalidPath, () => Store.SweepAsync("../up", Cancellation));
    }

    [Fact]
    public async Task Sweep_WhileAnotherWrites_TakesNothingOfIt()
    {
        var swept = 0;
        var other = new DirectoryObjectStore(_root);
        await Store.PutAsync("a/b.bin", new ActingContent(() =>
        {
            Assert.Single(Directory.GetFiles(Path.Join(_root, "a")));
            other.SweepAsync("a", Cancellation).GetAwaiter().GetResult();
            swept++;
        }), PutCondition.IfAbsent, Cancellation);

        Assert.True(swept > 0);
        Assert.Equal(["a/b.bin"], (await ListAsync("")).Select(found => found.Path));
    }

    [Fact]
    public async Task Sweep_AllTheTime_FailsNoPutAndNoRead()
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sweeping = Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested) await new DirectoryObjectStore(_root).SweepAsync("a", Cancellation);
        }, Cancellation);
        for (var i = 0; i < 200; i++)
        {
            var put = await Store.PutAsync($"a/{i % 10}.bin", Bytes(i), PutCondition.None, Cancellation);
            Assert.Equal(put, (await OpenAsync(put.Path)).Properties);
            await Store.PutAsync($"a/once-{i}.bin", Bytes(i), PutCondition.IfAbsent, Cancellation);
            await using var once = await OpenAsync($"a/once-{i}.bin");
        }
        await ending.CancelAsync();
        await sweeping;
        Assert.Empty(Directory.GetFiles(Path.Join(_root, "a"), ".*.tmp"));
    }
}
