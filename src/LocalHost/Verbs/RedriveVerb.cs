using System.CommandLine;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold redrive RUN</c></summary>
static class RedriveVerb
{
    public static Command Create()
    {
        var run = CommonOptions.Run();
        var store = CommonOptions.Store();
        var data = CommonOptions.Data();
        var isolation = CommonOptions.Isolation();
        var worker = CommonOptions.Worker();
        var machine = new MachineOptions();
        var endpoint = EndpointOption.Create();
        var json = CommonOptions.Json();
        var command = new Command("redrive", "Do again what failed, was cancelled or never ended of a run, keep the rest, and wait for the result.") { run, store, data, isolation, worker, machine.Memory, machine.Scratch, machine.ScratchSize, endpoint, json };
        EndpointOption.Exclude(command, endpoint, [store, data, isolation, worker, .. machine.All]);
        CommonOptions.Exclude(command, isolation, worker);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (id, asJson) = (parsed.GetValue(run)!, parsed.GetValue(json));
            if (parsed.GetValue(endpoint) is { } host)
                return await RemoteRun.AskAsync(host, id, asJson, async there => await there.EndAsync(await there.Client.RedriveAsync(id, cancellationToken), cancellationToken), cancellationToken);
            if (!RunPaths.IsRunId(id)) return SpecFile.Refuse([Stores.NoId(id)], asJson);
            var runner = parsed.GetValue(isolation) != "none" ? CommonOptions.Worker(parsed.GetValue(worker)) : null;
            var options = new RunOptions(new Stores(parsed.GetValue(store), parsed.GetValue(data)), id, runner, machine.Read(parsed), Fresh: false);
            return (await LocalRun.GoOnAsync(options, redrives: true, cancellationToken)).Print(asJson);
        });
        return command;
    }
}
