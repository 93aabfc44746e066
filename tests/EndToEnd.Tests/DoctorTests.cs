using System.Diagnostics;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Whether what is there can run something.</summary>
public sealed class DoctorTests : IDisposable
{
    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.Azurite)]
    public async Task Doctor_WhereAllIsWell_SaysSoAndLeavesNothing(StoreKind kind)
    {
        await using var store = await StoreUnderTest.CreateAsync(kind, _fanfold);

        var outcome = (await _fanfold.CallAsync("doctor", "--store", store.Name, "--json")).Exits(0);

        Assert.True((bool)outcome.Json["ok"]!);
        Assert.Equal(["data store", "state store", "worker", "machine"], outcome.Json["checks"]!.AsArray().Select(check => (string)check!["name"]!));
        Assert.Empty(await store.ListAsync("fanfold"));
    }

    [Fact]
    public async Task Doctor_StoreThatIsNotThere_SaysWhichAndWhatToDo()
    {
        var outcome = (await _fanfold.CallAsync("doctor", "--store", "http://127.0.0.1:9/devstoreaccount1", "--json")).Exits(6);

        var check = outcome.Json["checks"]!.AsArray()[0]!;
        Assert.Equal(("data store", "storage-unreachable"), ((string)check["name"]!, (string)check["error"]!["code"]!));
    }

    [Theory]
    [InlineData("bash", "COMP_WORDS=(fanfold re); COMP_CWORD=1; COMP_LINE='fanfold re'; COMP_POINT=10; _fanfold; printf '%s\\n' \"${COMPREPLY[@]}\"", "redrive\nresult")]
    [InlineData("bash", "COMP_WORDS=(fanfold run --st); COMP_CWORD=2; COMP_LINE='fanfold run --st'; COMP_POINT=16; _fanfold; printf '%s\\n' \"${COMPREPLY[@]}\" | sort", "--store\n--strategy")]
    public async Task Completions_InAShell_OfferVerbsAndOptions(string shell, string line, string expected)
    {
        var script = (await _fanfold.CallAsync("completions", shell)).Exits(0).Stdout;
        var command = await Executable.GetAsync();
        // What a shell finds on its path.
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "fanfold"), $"#!/bin/sh\nexec \"{command.File}\" {string.Join(' ', command.Prefix)} \"$@\"\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(Path.Combine(_fanfold.Folder, "fanfold"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "try.sh"), $"PATH=\"{_fanfold.Folder}:$PATH\"\n{script}\n{line}\n", TestContext.Current.CancellationToken);

        using var process = Process.Start(new ProcessStartInfo(shell, [Path.Combine(_fanfold.Folder, "try.sh")]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(expected, output.Trim());
    }
}
