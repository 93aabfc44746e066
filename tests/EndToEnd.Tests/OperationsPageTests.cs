using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Fanfold.LocalHost;
using Fanfold.Storage;

namespace Fanfold.EndToEnd.Tests;

/// <summary>docs/operations.md does what it says: its blocks of bash, run as they stand, print what stands below them.</summary>
public sealed partial class OperationsPageTests(ITestOutputHelper output)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_RunAsItStands_PrintsWhatItSays()
    {
        var blocks = Block().Matches(await File.ReadAllTextAsync(Path.Combine(Executable.Root, "docs", "operations.md"), Cancellation)).Select(match => (Bash: match.Groups[1].Value, Text: match.Groups[2].Success ? match.Groups[2].Value : null)).ToList();
        Assert.True(blocks.Count > 10, "the page has lost its blocks");
        using var fanfold = new Fanfold();
        // What the demo makes, without the run that it shows.
        await DemoData.EnsureAsync(new DirectoryObjectStore(fanfold.Store), Cancellation);
        var command = Executable.FromSource;
        var name = Path.Combine(fanfold.Folder, "fanfold");
        await File.WriteAllTextAsync(name, $"#!/bin/sh\nexec {command.File} {string.Join(' ', command.Prefix.Select(argument => $"'{argument}'"))} \"$@\"\n", Cancellation);
        File.SetUnixFileMode(name, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var script = "set -euo pipefail\ntrap 'kill \"${SERVER:-}\" 2>/dev/null || true' EXIT\n" + string.Concat(blocks.Select((block, i) => $"printf '\\n{Mark(i)}\\n'\n{block.Bash}"));
        await File.WriteAllTextAsync(Path.Combine(fanfold.Folder, "page.sh"), script, Cancellation);

        using var bash = RunningCommand.Start(new Executable("bash", ["page.sh"], command.Environment), fanfold.Folder, [], new Dictionary<string, string>
        {
            ["PATH"] = $"{fanfold.Folder}:{Environment.GetEnvironmentVariable("PATH")}", ["PORT"] = FreePort().ToString(CultureInfo.InvariantCulture),
        });
        var outcome = await bash.EndAsync();

        output.WriteLine(outcome.Stdout);
        outcome.Exits(0);
        for (var i = 0; i < blocks.Count; i++)
        {
            var from = outcome.Stdout.IndexOf(Mark(i), StringComparison.Ordinal) + Mark(i).Length;
            var printed = outcome.Stdout[from..(i + 1 < blocks.Count ? outcome.Stdout.IndexOf(Mark(i + 1), StringComparison.Ordinal) : outcome.Stdout.Length)].Trim();
            var expected = (blocks[i].Text ?? "").Trim();
            Assert.True(Regex.IsMatch(printed, $"^{string.Join("[^\n]*", expected.Split('…').Select(Regex.Escape))}$"), $"block {i + 1}:\n{blocks[i].Bash}\nprints\n{printed}\nand not\n{expected}");
        }
    }

    static string Mark(int block) => $"<<< {block} >>>";

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("```bash\n(.*?)```\n(?:```text\n(.*?)```)?", RegexOptions.Singleline)]
    private static partial Regex Block();
}
