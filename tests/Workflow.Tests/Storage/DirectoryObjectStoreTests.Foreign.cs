using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>What other programs, and killed ones, leave in the folder.</summary>
public sealed partial class DirectoryObjectStoreTests
{
    [Fact]
    public async Task MissingRoot_ListIsNotFoundAndPutMakesIt()
    {
        var store = new DirectoryObjectStore(Path.Join(_above, "not/yet"));
        await FailsAsync(StorageFailure.NotFound, async () => await store.ListAsync("", Cancellation).ToListAsync(Cancellation));
        await FailsAsync(StorageFailure.NotFound, async () => await store.ListAsync("a", Cancellation).ToListAsync(Cancellation));
        Assert.Null(await store.OpenAsync("a", Cancellation));
        await store.DeleteAsync("a", Cancellation);
        Assert.False(Directory.Exists(Path.Join(_above, "not")));
        await store.PutAsync("a", Bytes(1), PutCondition.IfAbsent, Cancellation);
        Assert.Single(await store.ListAsync("", Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task RootThatIsAFile_IsNotFound() =>
        await FailsAsync(StorageFailure.NotFound, async () =>
            await new DirectoryObjectStore(Write("a", Bytes(1))).ListAsync("", Cancellation).ToListAsync(Cancellation));

    [Fact]
    public async Task LeftoverOfAKilledPut_IsInvisibleAndHarmless()
    {
        var leftover = $".{Guid.CreateVersion7():N}.tmp";
        Write($"a/{leftover}", Bytes(10));
        await Store.PutAsync("a/b", Bytes(1), PutCondition.IfAbsent, Cancellation);
        Assert.Equal(["a/b"], (await ListAsync("")).Select(o => o.Path));
        Assert.Empty(await ListAsync($"a/{leftover}"));
        await FailsAsync(StorageFailure.InvalidPath, () => Store.OpenAsync($"a/{leftover}", Cancellation));
        await Store.DeleteAsync("a/b", Cancellation);
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task PutInProgress_IsInvisibleUntilComplete()
    {
        var content = new PausedStream();
        var put = Store.PutAsync("a/b", content, PutCondition.IfAbsent, Cancellation);
        await content.Started.Task;
        Assert.Empty(await ListAsync(""));
        Assert.Null(await Store.OpenAsync("a/b", Cancellation));
        Assert.NotEmpty(Directory.GetFiles(Path.Join(_root, "a")));
        content.Finish.SetResult();
        await put;
        Assert.Equal([Path.Join(_root, "a/b")], Directory.GetFiles(Path.Join(_root, "a")));
    }

    [Fact]
    public async Task Lock_AfterUse_IsNoObject()
    {
        await Store.PutAsync("a", Bytes(1), PutCondition.None, Cancellation);
        Assert.Contains(Path.Join(_root, ".fanfold.lock"), Directory.GetFiles(_root));
        Assert.Equal(["a"], (await ListAsync("")).Select(o => o.Path));
        await FailsAsync(StorageFailure.InvalidPath, () => Store.DeleteAsync(".fanfold.lock", Cancellation));
    }

    [Fact]
    public async Task List_ForeignNames_AreListedAndRefusedOnOpening()
    {
        foreach (var name in new[] { ".hidden", "_SUCCESS", "Icon\r", "a\\b", "c.tmp", ".short.tmp" }) Write(name, Bytes(1));
        Assert.Equal([".hidden", ".short.tmp", "Icon\r", "_SUCCESS", "a\\b", "c.tmp"], (await ListAsync("")).Select(o => o.Path));
        await FailsAsync(StorageFailure.InvalidPath, () => Store.OpenAsync("a\\b", Cancellation));
    }

    [Fact]
    public async Task Links_AreFollowedButNotInCircles()
    {
        var outside = Directory.CreateDirectory(Path.Join(_above, "outside")).FullName;
        File.WriteAllBytes(Path.Join(outside, "far"), Bytes(7));
        Write("real/near", Bytes(5));
        File.CreateSymbolicLink(Path.Join(_root, "file"), Path.Join(outside, "far"));
        File.CreateSymbolicLink(Path.Join(_root, "gone"), Path.Join(outside, "nothing"));
        File.CreateSymbolicLink(Path.Join(_root, "loop"), Path.Join(_root, "loop"));
        Directory.CreateSymbolicLink(Path.Join(_root, "folder"), outside);
        Directory.CreateSymbolicLink(Path.Join(_root, "real/up"), _root);
        Directory.CreateSymbolicLink(Path.Join(outside, "self"), outside);
        var listed = await ListAsync("");
        Assert.Equal([("file", 7L), ("folder/far", 7L), ("gone", 0L), ("loop", 0L), ("real/near", 5L)], listed.Select(o => (o.Path, o.Length)));
        foreach (var nothing in listed.Where(o => o.Length == 0)) await FailsAsync(StorageFailure.Changed, () => Store.OpenAsync(nothing, Cancellation));
        Assert.Equal(Bytes(7), await Store.ReadAllAsync("file", 10, Cancellation));
        Assert.Null(await Store.OpenAsync("loop", Cancellation));

        await Store.DeleteAsync("folder/far", Cancellation);
        Assert.True(Directory.Exists(Path.Join(_root, "folder")));
        await Store.DeleteAsync("file", Cancellation);
        await Store.DeleteAsync("folder", Cancellation);
        Assert.NotNull(new DirectoryInfo(Path.Join(_root, "folder")).LinkTarget);
        Assert.True(File.Exists(Path.Join(_root, "real/near")));
        Assert.Equal(["gone", "loop", "real/near"], (await ListAsync("")).Select(o => o.Path));
    }

    [Fact]
    public async Task Pipe_IsNoObject()
    {
        await ShellAsync($"mkfifo {_root}/pipe");
        Assert.Empty(await ListAsync(""));
        Assert.Null(await Store.OpenAsync("pipe", Cancellation));
        await FailsAsync(StorageFailure.InvalidPath, () => Store.PutAsync("pipe", Bytes(1), PutCondition.None, Cancellation));
    }

    [Fact]
    public async Task List_NameThatIsNotUtf8_IsNamedAsInvalid()
    {
        var file = $"\"$(printf '{_root}/\\377.parquet')\"";
        await ShellAsync($"printf x > {file}");
        await FailsAsync(StorageFailure.InvalidPath, () => ListAsync(""));
        await ShellAsync($"rm {file}");
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void UnreadableFileOrFolder_IsAccessDenied()
    {
        var file = Write("closed/file", Bytes(1));
        File.SetUnixFileMode(file, UnixFileMode.None);
        AsNobody(() => Fails(() => Store.OpenAsync("closed/file")));
        File.SetUnixFileMode(Path.GetDirectoryName(file)!, UnixFileMode.None);
        AsNobody(() => Fails(() => Store.OpenAsync("closed/file")));
        File.SetUnixFileMode(Path.GetDirectoryName(file)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        static void Fails(Func<Task> action) =>
            Assert.Equal(StorageFailure.AccessDenied, Assert.Throws<StorageException>(() => action().GetAwaiter().GetResult()).Failure);
    }

    [Theory]
    [InlineData(28, StorageFailure.Full)]
    [InlineData(122, StorageFailure.Full)]
    [InlineData(30, StorageFailure.AccessDenied)]
    [InlineData(1, StorageFailure.AccessDenied)]
    [InlineData(13, StorageFailure.AccessDenied)]
    [InlineData(36, StorageFailure.InvalidPath)]
    [InlineData(5, StorageFailure.Unreachable)]
    [InlineData(116, StorageFailure.Unreachable)]
    public void Errno_Any_IsATypedFailureWithPathAndAdvice(int error, StorageFailure expected)
    {
        var failure = Errno.ToStorage(Errno.Exception(error, "/disk/a/b"), "a/b", "/disk/a/b");
        Assert.Equal(expected, failure!.Failure);
        Assert.Equal("a/b", failure.Path);
        Assert.Contains("/disk/a/b", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_FullDisk_IsFullAndLeavesNothing()
    {
        await FailsAsync(StorageFailure.Full, () => Store.PutAsync("a/b", new FullDiskStream(), PutCondition.None, Cancellation));
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    // Root may read everything; the kernel's checks of this one thread are made those of another user instead.
    static void AsNobody(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            if (Environment.IsPrivilegedProcess) _ = SetFileSystemUser(65534);
            try { action(); }
            catch (Exception e) { failure = e; }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    static async Task ShellAsync(string command)
    {
        using var shell = Process.Start("sh", ["-c", command]);
        await shell.WaitForExitAsync(Cancellation);
        Assert.Equal(0, shell.ExitCode);
    }

    [DllImport("libc", EntryPoint = "setfsuid")]
    static extern int SetFileSystemUser(uint user);

    sealed class PausedStream : MemoryStream
    {
        public TaskCompletionSource Started { get; } = new();
        public TaskCompletionSource Finish { get; } = new();

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            await destination.WriteAsync(new byte[100], cancellationToken);
            Started.SetResult();
            await Finish.Task;
        }
    }

    sealed class FullDiskStream : MemoryStream
    {
        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
            await destination.WriteAsync(new byte[100], cancellationToken);
            RandomAccess.Write(full, new byte[100], 0);
        }
    }
}
