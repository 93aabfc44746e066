using System.CommandLine;
using System.Net.Sockets;
using Fanfold.LocalHost.Serving;
using Fanfold.Storage;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Triggers;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold serve</c></summary>
static class ServeVerb
{
    // Each has lanes of its own for its tasks.
    const int RunsAtOnce = 2;

    public static Command Create()
    {
        var store = CommonOptions.Store();
        var data = CommonOptions.Data();
        var urls = Urls();
        var isolation = CommonOptions.Isolation();
        var worker = CommonOptions.Worker();
        var watch = new WatchOptions();
        var machine = new MachineOptions();
        var json = CommonOptions.Json();
        var command = new Command("serve", "Serve the HTTP API on this machine until it is stopped, go on with unfinished runs, and run what is put into requests.") { store, data, urls, watch.Interval, watch.Folders, watch.Off, isolation, worker, machine.Memory, machine.Scratch, machine.ScratchSize, json };
        CommonOptions.Exclude(command, isolation, worker);
        command.SetAction((parsed, cancellationToken) =>
        {
            var runner = parsed.GetValue(isolation) != "none" ? CommonOptions.Worker(parsed.GetValue(worker)) : null;
            var stores = new Stores(parsed.GetValue(store), parsed.GetValue(data));
            foreach (var folder in stores.Missing()) Log($"there is no folder '{folder}' yet; runs and requests will make it. Check --store and --data if it should be there");
            return ServeAsync(stores, parsed.GetValue(urls), runner, machine.Read(parsed), (triggers, token) => watch.WatchAsync(parsed, stores, triggers, Log, token), static _ => { }, parsed.GetValue(json), cancellationToken);
        });
        return command;
    }

    public static Option<string> Urls()
    {
        var urls = new Option<string>("--urls") { Description = "Where to listen, separated by ';': addresses of this machine only.", HelpName = "U", DefaultValueFactory = _ => LocalServer.DefaultUrl };
        urls.Validators.Add(result =>
        {
            var named = Split(result.GetValueOrDefault<string>());
            if (named.Length == 0) result.AddError($"--urls names no address: write one such as {LocalServer.DefaultUrl}.");
            foreach (var url in named)
            {
                if (LocalServer.Fault(url) is { } fault) result.AddError($"--urls '{TerminalText.Safe(url)}': {fault}.");
            }
        });
        return urls;
    }

    /// <param name="worker">As <see cref="RunOptions"/> has it.</param>
    /// <param name="watchAsync">Runs what is put into the stores; ends when it is cancelled, or at once.</param>
    /// <param name="onReady">Told the addresses once runs that had not ended go on.</param>
    public static async Task<int> ServeAsync(
        Stores stores, string? listenOn, WorkerCommand? worker, HostCapacity host, Func<RunTriggers, CancellationToken, Task> watchAsync, Action<IReadOnlyList<string>> onReady, bool json, CancellationToken cancellationToken)
    {
        var urls = Split(listenOn);
        await using var runs = new ServedRuns(stores.State, TimeProvider.System, RunsAtOnce, (request, onProgress, token) => LocalRun.DriveAsync(request, stores, worker, host, onProgress, token), Log);
        ITaskIsolation isolation = worker is null ? new InProcessIsolation(stores.Data, stores.State) : new ProcessIsolation(worker, stores.Identity);
        var kind = worker is null ? "in process" : worker.IsNative ? "native" : "dotnet";
        await using var server = LocalServer.Create(new ApiContext(stores.Data, stores.State, stores.DataLocation, stores.StateLocation, isolation, runs, TimeProvider.System, kind), urls, Log);
        try
        {
            await server.StartAsync(cancellationToken);
        }
        // The port is taken, or its number or address is not for this user or machine.
        catch (Exception taken) when (taken is IOException or SocketException)
        {
            return SpecFile.Refuse([new RunError("address-in-use", $"{string.Join(", ", urls)} can't be listened on ({taken.Message.TrimEnd('.')}). Name another address or port with --urls.")], json);
        }
        if (json) CommandJson.Write(new ServeDocument([.. server.Urls]), CommandJson.Default.ServeDocument);
        foreach (var url in server.Urls) await Console.Error.WriteLineAsync($"serving {url}/api/runs; {url}/ is the page; Ctrl-C stops, and runs under way stay resumable");
        try
        {
            await runs.ResumeAsync(cancellationToken);
        }
        catch (StorageException failure)
        {
            Log($"unfinished runs could not be looked for: {failure.Message}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested) { }
        onReady([.. server.Urls]);
        await watchAsync(new RunTriggers(stores.Data, stores.State, runs, TimeProvider.System), cancellationToken);
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await server.StopAsync(CancellationToken.None);
        return ExitCode.Succeeded;
    }

    static string[] Split(string? urls) => (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static void Log(string message) => Console.Error.WriteLine(TerminalText.Safe(Secrets.Hide(message)));
}
