using Fanfold.Workflow.Running;

namespace Fanfold.Functions.Tests;

/// <summary>What the app finds beside itself where a worker should be.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class WorkerProbeTests : IDisposable
{
    const string Version = "fanfold-worker 1.2.3 native";

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fanfold-tests-");

    string Native => Path.Combine(_folder.FullName, "Worker");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void WorkerThatLostItsExecuteBit_GetsItBack()
    {
        Write($"#!/bin/sh\n[ \"$1\" = --version ] && echo '{Version}'\n", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var worker = WorkerProbe.Find(_folder.FullName, Version, out var fault);
        Assert.Null(fault);
        Assert.Equal((Native, true), (worker.File, worker.IsNative));
        Assert.True(File.GetUnixFileMode(Native).HasFlag(UnixFileMode.UserExecute));
    }

    [Theory]
    [InlineData("#!/bin/sh\necho 'fanfold-worker 1.2.2 native'\n", "it is of version 'fanfold-worker 1.2.2 native', and the host is fanfold-worker 1.2.3 native")]
    [InlineData("#!/bin/sh\necho 'GLIBC_2.99 not found' >&2\nexit 3\n", "it ended with exit code 3: GLIBC_2.99 not found")]
    [InlineData("\u007fELF of another machine", "it can't be started (")]
    public void WorkerThatIsNoUse_IsReplacedByTheManagedOne_AndTheReasonTold(string content, string reason)
    {
        Write(content, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var worker = WorkerProbe.Find(_folder.FullName, Version, out var fault);
        Assert.StartsWith(reason, fault, StringComparison.Ordinal);
        Assert.False(worker.IsNative);
        Assert.Equal(["exec", Path.Combine(_folder.FullName, "Worker.dll")], worker.Arguments);
    }

    [Fact]
    public void NoNativeWorker_IsNoFault()
    {
        Assert.False(WorkerProbe.Find(_folder.FullName, Version, out var fault).IsNative);
        Assert.Null(fault);
    }

    void Write(string content, UnixFileMode mode)
    {
        File.WriteAllText(Native, content);
        File.SetUnixFileMode(Native, mode);
    }
}
