using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Fanfold.Tests;

/// <summary>What npm installs for tests from the lock file in a folder beside this one, once per state of that file.</summary>
/// <param name="name">Of the folder.</param>
sealed class NpmInstall(string name)
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public string Folder { get; } = Path.Join(RepositoryRoot(), "tests", name);

    public string LockFile => Path.Join(Folder, "package-lock.json");

    // npm removes the folder before it installs, so a stamp in it stands for a complete installation.
    string Stamp => Path.Join(Folder, "node_modules", ".fanfold-installed");

    public async Task EnsureAsync()
    {
        var state = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(LockFile)));
        if (IsInstalled(state)) return;
        await using var alone = await EnterAsync();
        if (IsInstalled(state)) return;
        using var npm = Start("npm", "ci", "--ignore-scripts");
        npm.StandardInput.Close();
        var output = npm.StandardOutput.ReadToEndAsync();
        var errors = await npm.StandardError.ReadToEndAsync();
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0) throw Failure("can't be installed", await output + errors);
        await File.WriteAllTextAsync(Stamp, state);
    }

    public InvalidOperationException Failure(string what, string output) => new(
        $"What is in tests/{name} {what}. Run 'npm ci --ignore-scripts' there, with node 20 or newer, and look what it says.{Environment.NewLine}{output.Trim()}");

    /// <summary>Starts a program in the folder.</summary>
    public Process Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = Folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception e)
        {
            throw Failure($"needs '{program}', which can't be started", e.Message);
        }
    }

    bool IsInstalled(string state) => File.Exists(Stamp) && File.ReadAllText(Stamp) == state;

    // Suites may run at once, each in a process.
    async Task<FileStream> EnterAsync()
    {
        var folder = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Folder)))[..16];
        while (true)
        {
            try
            {
                return new FileStream(Path.Join(Path.GetTempPath(), $"fanfold-npm-{folder}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
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
