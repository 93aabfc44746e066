using System.Security.Cryptography;
using System.Text;

namespace Fanfold.Tests;

/// <summary>Azurite as npm installs it beside this file, once per state of the lock file.</summary>
static class AzuriteInstall
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static string Folder { get; } = Path.Join(RepositoryRoot(), "tests", "azurite");

    public static string LockFile => Path.Join(Folder, "package-lock.json");

    // npm removes the folder before it installs, so a stamp in it stands for a complete installation.
    static string Stamp => Path.Join(Folder, "node_modules", ".fanfold-installed");

    public static async Task EnsureAsync()
    {
        var state = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(LockFile)));
        if (IsInstalled(state)) return;
        await using var alone = await EnterAsync();
        if (IsInstalled(state)) return;
        using var npm = AzuriteServer.Start("npm", "ci", "--ignore-scripts");
        npm.StandardInput.Close();
        var output = npm.StandardOutput.ReadToEndAsync();
        var errors = await npm.StandardError.ReadToEndAsync();
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0) throw Failure("can't be installed", await output + errors);
        await File.WriteAllTextAsync(Stamp, state);
    }

    public static InvalidOperationException Failure(string what, string output) => new(
        $"Azurite {what}. Run 'npm ci --ignore-scripts' in tests/azurite, with node 20 or newer, and look what it says.{Environment.NewLine}{output.Trim()}");

    static bool IsInstalled(string state) => File.Exists(Stamp) && File.ReadAllText(Stamp) == state;

    // Suites may run at once, each in a process.
    static async Task<FileStream> EnterAsync()
    {
        var name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Folder)))[..16];
        while (true)
        {
            try
            {
                return new FileStream(Path.Join(Path.GetTempPath(), $"fanfold-azurite-{name}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(Pause);
            }
        }
    }

    static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Join(folder!.FullName, "Functions.sln"))) folder = folder.Parent;
        return folder.FullName;
    }
}
