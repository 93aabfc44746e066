using System.Buffers;
using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

public sealed partial class DirectoryObjectStoreTests : FolderStoreContract, IDisposable
{
    static readonly DateTime LongAgo = new(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    readonly string _above = Directory.CreateTempSubdirectory("fanfold-storage-").FullName;
    readonly string _root;

    public DirectoryObjectStoreTests()
    {
        _root = Path.Join(_above, "root");
        Directory.CreateDirectory(_root);
        Store = new DirectoryObjectStore(_root);
    }

    protected override IObjectStore Store { get; }

    public void Dispose() => Directory.Delete(_above, recursive: true);

    public static TheoryData<string> Changes => ["overwrite", "append", "truncate", "touch", "replace", "delete"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Read_FileChangedBetweenReads_IsChanged(string change)
    {
        var file = Write("a.bin", Bytes(1000));
        await using var reader = await OpenAsync("a.bin");
        await reader.ReadAsync(0, new byte[1000], Cancellation);
        Change(file, change);
        await FailsAsync(StorageFailure.Changed, async () => await reader.ReadAsync(0, new byte[10], Cancellation));
        if (change != "delete") await FailsAsync(StorageFailure.Changed, () => Store.OpenAsync(reader.Properties, Cancellation));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Read_FileChangedDuringTheRead_IsChanged(string change)
    {
        var file = Write("a.bin", Bytes(1000));
        await using var reader = await OpenAsync("a.bin");
        using var buffer = new CallbackMemory(100, () => Change(file, change));
        await FailsAsync(StorageFailure.Changed, async () => await reader.ReadAsync(0, buffer.Memory, Cancellation));
        Assert.True(buffer.Used);
    }

    [Fact]
    public async Task ETag_UntouchedFile_IsTheSameForEveryStore()
    {
        Write("a.bin", Bytes(10));
        var listed = Assert.Single(await ListAsync(""));
        await using var reader = await new DirectoryObjectStore(_root + "/").OpenAsync(listed, Cancellation);
        Assert.Equal(listed, reader!.Properties);
    }

    [Fact]
    public async Task PutIfMatch_TwoStoresOnOneRoot_ExactlyOneWinsPerVersion()
    {
        var stores = new[] { Store, new DirectoryObjectStore(_root) };
        var current = await Store.PutAsync("a", Bytes(1), PutCondition.None, Cancellation);
        for (var round = 0; round < 20; round++)
        {
            var puts = stores.Select(store => Task.Run(() => store.PutAsync("a", Bytes(1), PutCondition.IfMatch(current.ETag), Cancellation))).ToList();
            await Task.WhenAll(puts).ContinueWith(_ => { }, TaskScheduler.Default);
            current = await Assert.Single(puts, put => put.IsCompletedSuccessfully);
            var loser = Assert.Single(puts, put => put.IsFaulted);
            Assert.Equal(StorageFailure.Conflict, Assert.IsType<StorageException>(loser.Exception!.InnerException).Failure);
        }
    }

    [Fact]
    public async Task TryAppear_PreparedFilesAtOnce_ExactlyOneWins()
    {
        const int writers = 4;
        for (var round = 0; round < 50; round++)
        {
            var path = $"once{round}";
            var file = Path.Join(_root, path);
            var pending = new List<PendingFile>();
            for (var i = 0; i < writers; i++) pending.Add(await PendingFile.WriteAsync(path, file, _root, new MemoryStream(), isSynced: true, Cancellation));
            using var start = new Barrier(writers);
            var won = 0;
            var threads = pending.ConvertAll(put => new Thread(() =>
            {
                start.SignalAndWait();
                try
                {
                    if (put.TryAppear()) Interlocked.Increment(ref won);
                }
                catch (StorageException e) when (e.Failure == StorageFailure.Conflict) { }
            }));
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            foreach (var put in pending) await put.DisposeAsync();
            Assert.Equal(1, won);
            Assert.True(File.Exists(file));
        }
    }

    [Fact]
    public async Task PutAndDelete_LockHeldElsewhere_WaitForItsRelease()
    {
        var current = await Store.PutAsync("a", Bytes(0), PutCondition.None, Cancellation);
        Task put, delete;
        using (File.OpenHandle(Path.Join(_root, ".fanfold.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            put = Store.PutAsync("a", Bytes(0), PutCondition.IfMatch(current.ETag), Cancellation);
            delete = new DirectoryObjectStore(_root).DeleteAsync("a", Cancellation);
            await Store.PutAsync("b", Bytes(1), PutCondition.IfAbsent, Cancellation);
            Assert.False(put.IsCompleted);
            Assert.False(delete.IsCompleted);
        }
        await delete;
        await put.ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.DoesNotContain("a", (await ListAsync("")).Select(o => o.Path));
    }

    [Fact]
    public async Task Put_ForeignWriterOfTheFile_IsReplacedWhole()
    {
        var file = Write("a", Bytes(10));
        await using (var foreign = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await Store.PutAsync("a", Bytes(20), PutCondition.None, Cancellation);
            await foreign.WriteAsync(Bytes(30), Cancellation);
        }
        Assert.Equal(Bytes(20), await Store.ReadAllAsync("a", 100, Cancellation));
    }

    [Fact]
    public async Task Put_LongestNames_FitTheFileSystem()
    {
        var name = new string('n', 255);
        await Store.PutAsync($"{name}/{name}", Bytes(1), PutCondition.IfAbsent, Cancellation);
        Assert.Equal($"{name}/{name}", Assert.Single(await ListAsync("")).Path);
        await FailsAsync(StorageFailure.InvalidPath, () => Store.PutAsync(new string('n', 300), Bytes(1), PutCondition.None, Cancellation));
        await FailsAsync(StorageFailure.InvalidPath, () => Store.OpenAsync("a/" + new string('\u00E9', 128), Cancellation));
    }

    [Fact]
    public async Task Delete_LastObject_RemovesEmptyFoldersUpToTheRoot()
    {
        await Store.PutAsync("a/b/c/d", Bytes(1), PutCondition.None, Cancellation);
        await Store.PutAsync("a/e", Bytes(1), PutCondition.None, Cancellation);
        await Store.DeleteAsync("a/b/c/d", Cancellation);
        Assert.Equal([Path.Join(_root, "a")], Directory.GetDirectories(_root));
        Assert.Empty(Directory.GetDirectories(Path.Join(_root, "a")));
        await Store.DeleteAsync("a/e", Cancellation);
        Assert.Empty(Directory.GetDirectories(_root));
    }

    string Write(string path, byte[] content)
    {
        var file = Path.Join(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        // Older than any change to come, even where the kernel's stamps are coarse.
        File.SetLastWriteTimeUtc(file, LongAgo);
        return file;
    }

    static void Change(string file, string change)
    {
        var other = new byte[new FileInfo(file).Length];
        switch (change)
        {
            case "overwrite":
                using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) RandomAccess.Write(handle, other, 0);
                break;
            case "append":
                File.AppendAllBytes(file, [1]);
                break;
            case "truncate":
                using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) RandomAccess.SetLength(handle, 500);
                break;
            case "touch":
                File.SetLastWriteTimeUtc(file, LongAgo.AddTicks(1));
                break;
            case "replace":
                File.WriteAllBytes(file + ".new", other);
                File.SetLastWriteTimeUtc(file + ".new", LongAgo);
                File.Move(file + ".new", file, overwrite: true);
                break;
            case "delete":
                File.Delete(file);
                break;
        }
    }

    /// <summary>A buffer that acts when it is first touched, which is after the reader's first check and before the bytes arrive.</summary>
    sealed class CallbackMemory(int length, Action callback) : MemoryManager<byte>
    {
        readonly byte[] _bytes = new byte[length];

        public bool Used { get; private set; }

        public override Memory<byte> Memory => CreateMemory(_bytes.Length);

        public override Span<byte> GetSpan()
        {
            Act();
            return _bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            Act();
            return _bytes.AsMemory(elementIndex).Pin();
        }

        public override void Unpin() { }

        protected override void Dispose(bool disposing) { }

        void Act()
        {
            if (Used) return;
            Used = true;
            callback();
        }
    }
}
