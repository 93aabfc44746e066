using System.CommandLine;
using System.Text;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold doctor</c>: whether this machine and these stores can run something, and what to do where they can't.</summary>
static class DoctorVerb
{
    /// <summary>Little enough that a worker of the runtime has no room beside it.</summary>
    const long LeastMemory = 128L << 20;

    public static Command Create()
    {
        var store = CommonOptions.Store();
        var data = CommonOptions.Data();
        var worker = CommonOptions.Worker();
        var machine = new MachineOptions();
        var json = CommonOptions.Json();
        var command = new Command("doctor", "Check the stores, the rights in them, the worker and this machine. Writes, reads and removes one small object.") { store, data, worker, machine.Memory, machine.Scratch, machine.ScratchSize, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var stores = new Stores(parsed.GetValue(store), parsed.GetValue(data));
            var checks = new List<DoctorCheck>
            {
                await CheckAsync("data store", stores.DataLocation.Address, token => ListAsync(stores.Data, token), cancellationToken),
                stores.Missing().Contains(stores.StateLocation.Address)
                    ? new DoctorCheck("state store", true, $"{stores.StateLocation.Address}: is not there yet; the first run makes it", null)
                    : await CheckAsync("state store", stores.StateLocation.Address, token => WriteAsync(stores.State, token), cancellationToken),
                CheckWorker(parsed.GetValue(worker)),
                CheckMachine(machine.Read(parsed)),
            };
            if (parsed.GetValue(json)) CommandJson.Write(new DoctorDocument(checks.TrueForAll(check => check.Ok), checks), CommandJson.Default.DoctorDocument);
            else foreach (var check in checks) Console.WriteLine(TerminalText.Safe($"{(check.Ok ? "ok  " : "FAIL")}  {check.Name}: {check.Detail}{(check.Error is { } error ? $" [{error.Code}] {error.Message}" : "")}"));
            return ExitCode.Of([.. checks.Select(check => check.Error).OfType<RunError>()]) is var code && checks.TrueForAll(check => check.Ok) ? ExitCode.Succeeded : code;
        });
        return command;
    }

    /// <param name="address">Without secrets.</param>
    static async Task<DoctorCheck> CheckAsync(string name, string address, Func<CancellationToken, Task<string>> check, CancellationToken cancellationToken)
    {
        try
        {
            return new DoctorCheck(name, true, $"{address}: {await check(cancellationToken)}", null);
        }
        catch (StorageException failure)
        {
            return new DoctorCheck(name, false, address, RunActivities.StorageError(failure));
        }
    }

    static async Task<string> ListAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        await foreach (var _ in store.ListAsync("fanfold/doctor", cancellationToken)) break;
        return "answers, and can be listed";
    }

    /// <summary>What a run needs: put once, read, lease, delete.</summary>
    static async Task<string> WriteAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        var folder = "fanfold/doctor";
        var path = $"{folder}/{Guid.NewGuid():N}";
        var content = Encoding.UTF8.GetBytes(path);
        await store.PutAsync(path, content, PutCondition.IfAbsent, cancellationToken);
        try
        {
            if (await store.ReadAllAsync(path, content.Length, cancellationToken) is not { } read || !read.AsSpan().SequenceEqual(content))
                throw new StorageException(StorageFailure.Unreachable, path, "what was written is not what is read; does another service stand in between?");
            if (await IsReplacedAsync(store, path, cancellationToken)) throw new StorageException(StorageFailure.Unreachable, path, "the store overwrites what was to be written once only, so that runs would not be safe in it");
            await using (var lease = await store.TryLeaseAsync($"{path}.lock", cancellationToken))
            {
                if (lease is null) throw new StorageException(StorageFailure.Unreachable, path, "the store grants no lease on a new object");
                await lease.DeleteAsync(cancellationToken);
            }
        }
        finally
        {
            await store.DeleteAsync(path, CancellationToken.None);
            await store.TidyAsync(folder, CancellationToken.None);
        }
        return "can be written once, read, leased and deleted";
    }

    static async Task<bool> IsReplacedAsync(IObjectStore store, string path, CancellationToken cancellationToken)
    {
        try
        {
            await store.PutAsync(path, "again"u8.ToArray(), PutCondition.IfAbsent, cancellationToken);
            return true;
        }
        catch (StorageException conflict) when (conflict.Failure == StorageFailure.Conflict)
        {
            return false;
        }
    }

    static DoctorCheck CheckWorker(string? own)
    {
        if (own is not null)
        {
            var detail = $"{own}, as --worker or FANFOLD_WORKER names it";
            return WorkerProbe.Fault(CommonOptions.Worker(own)) is { } wrong ? new DoctorCheck("worker", false, detail, new RunError("worker-not-usable", $"It is no worker of this build: {wrong}. Build it again, against this version of fanfold.")) : new DoctorCheck("worker", true, detail, null);
        }
        var command = WorkerProbe.Find(AppContext.BaseDirectory, WorkerHost.NativeVersion, out var fault);
        if (fault is not null) return new DoctorCheck("worker", false, command.File, new RunError("worker-not-native", $"The native worker is not used: {fault}. Runs work, and each task costs about 0.4 s more; publish fanfold again for this machine."));
        return new DoctorCheck("worker", true, command.IsNative ? "native" : "on the .NET runtime: the same results, about 0.4 s of processor time more per task; `dotnet publish src/LocalHost -c Release -r RID -o DIR` makes a native one", null);
    }

    static DoctorCheck CheckMachine(HostCapacity host)
    {
        var detail = $"{host.Parallel} tasks at once, a worker may have {TerminalText.Bytes(host.LargestMemory)}, scratch space {(host.Scratch is { } scratch ? $"{TerminalText.Bytes(scratch.Bytes)} in {scratch.Folder ?? Path.GetTempPath()}" : "none")}";
        return host.LargestMemory < LeastMemory
            ? new DoctorCheck("machine", false, detail, new RunError("memory", $"A worker needs {LeastMemory >> 20} MiB to be of use; give this machine, or its container, more memory."))
            : new DoctorCheck("machine", true, detail, null);
    }
}
