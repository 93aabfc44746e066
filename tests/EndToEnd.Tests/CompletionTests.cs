using System.Diagnostics;

namespace Fanfold.EndToEnd.Tests;

/// <summary>What a tab completes, in the shells themselves.</summary>
public sealed class CompletionTests : IDisposable
{
    static readonly DebianProgram Zsh = new("zsh", "zsh");

    readonly Fanfold _fanfold = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _fanfold.Dispose();

    [Theory]
    [InlineData("fanfold re", "redrive\nresult")]
    [InlineData("fanfold run --st", "--store\n--strategy")]
    [InlineData("fanfold run --isolation p", "process")]
    [InlineData("fanfold run --strategy s", "sharedScan")]
    public async Task Bash_OffersVerbsAndOptions(string line, string offered) => Assert.Equal(offered, await TryAsync("bash", "bash", $"""
        COMP_WORDS=({line}); COMP_CWORD=$((${"{"}#COMP_WORDS[@]{"}"} - 1)); COMP_LINE='{line}'; COMP_POINT={line.Length}; _fanfold
        printf '%s\n' "${"{"}COMPREPLY[@]{"}"}" | sort
        """));

    /// <summary>A tab is typed into an interactive shell, and the line is shown as it is then.</summary>
    [Theory]
    [InlineData("fanfold red", "fanfold redrive ")]
    [InlineData("fanfold run --strat", "fanfold run --strategy ")]
    [InlineData("fanfold run --isolation pro", "fanfold run --isolation process ")]
    [InlineData("fanfold run som", "fanfold run some.json ")]
    public async Task Zsh_CompletesVerbsOptionsAndFiles(string line, string completed)
    {
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "some.json"), "{}", Cancellation);
        Assert.Equal(completed, await TryAsync(await Zsh.EnsureAsync(), "zsh", $$"""
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "autoload -Uz compinit; compinit -u -D; source $PWD/completions; show() { print -r -- \$BUFFER > shown; exit }; zle -N show; bindkey '^X' show; print REA''DY"
            zpty -r shell said '*READY*'
            zpty -w -n shell '{{line}}'$'\t\x18'
            while zpty -r shell said; do :; done
            cat shown
            """));
    }

    async Task<string> TryAsync(string program, string shell, string script)
    {
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "completions"), (await _fanfold.CallAsync("completions", shell)).Exits(0).Stdout, Cancellation);
        var command = await Executable.GetAsync();
        // What a shell finds on its path.
        var name = Path.Combine(_fanfold.Folder, "fanfold");
        await File.WriteAllTextAsync(name, $"#!/bin/sh\nexec \"{command.File}\" {string.Join(' ', command.Prefix)} \"$@\"\n", Cancellation);
        File.SetUnixFileMode(name, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(_fanfold.Folder, "try"), shell == "zsh" ? script : $". ./completions\n{script}", Cancellation);

        using var process = Process.Start(new ProcessStartInfo(program, ["try"])
        {
            WorkingDirectory = _fanfold.Folder, RedirectStandardOutput = true, Environment = { ["PATH"] = $"{_fanfold.Folder}:{Environment.GetEnvironmentVariable("PATH")}" },
        })!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        return output.TrimEnd('\n');
    }
}
