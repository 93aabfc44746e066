using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold run SPEC</c></summary>
static class RunVerb
{
    public static Command Create()
    {
        var spec = CommonOptions.Spec();
        var store = CommonOptions.Store();
        var data = CommonOptions.Data();
        var runId = new Option<string?>("--run-id") { Description = "The run's id; the same id continues an unfinished run. Default: a new one.", HelpName = "ID" };
        var parallel = new Option<int?>("--parallel") { Description = "Tasks at once. Default: the spec's limits.parallel, else the number of cores.", HelpName = "N" };
        var strategy = Strategy();
        var isolation = CommonOptions.Isolation();
        var worker = CommonOptions.Worker();
        var fresh = new Option<bool>("--fresh") { Description = "Compute everything; reuse nothing from other runs." };
        var machine = new MachineOptions();
        var endpoint = EndpointOption.Create();
        var json = CommonOptions.Json();
        runId.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } id && !RunPaths.IsRunId(id)) result.AddError($"--run-id '{TerminalText.Safe(id)}': use 1 to 100 lower-case letters, digits, - and _.");
        });
        var command = new Command("run", "Run a spec and wait for its result.") { spec, store, data, runId, parallel, strategy, isolation, worker, machine.Memory, machine.Scratch, machine.ScratchSize, fresh, endpoint, json };
        EndpointOption.Exclude(command, endpoint, [store, data, isolation, worker, .. machine.All, fresh]);
        CommonOptions.Exclude(command, isolation, worker);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var asJson = parsed.GetValue(json);
            var (read, exitCode) = await SpecFile.ReadAsync(parsed.GetValue(spec)!, asJson, cancellationToken);
            if (read is null) return exitCode;
            var result = Override(read, parsed.GetValue(parallel), parsed.GetValue(strategy));
            if (!result.IsValid) return SpecFile.Refuse(result, asJson);
            var id = parsed.GetValue(runId) ?? NewRunId();
            if (parsed.GetValue(endpoint) is { } host) return await StartThereAsync(host, id, result.Spec, asJson, cancellationToken);
            var runner = parsed.GetValue(isolation) != "none" ? CommonOptions.Worker(parsed.GetValue(worker)) : null;
            var options = new RunOptions(new Stores(parsed.GetValue(store), parsed.GetValue(data)), id, runner, machine.Read(parsed), parsed.GetValue(fresh));
            // A run that has ended is shown whatever became of its source.
            if (options.Stores.FaultOfData() is { } fault && await RunStarter.ReadSpecAsync(options.Stores.State, id, cancellationToken) is null) return SpecFile.Refuse([fault], asJson);
            var outcome = await LocalRun.RunAsync(result.Spec, options, cancellationToken);
            return outcome.Print(asJson);
        });
        return command;
    }

    static Task<int> StartThereAsync(string endpoint, string id, RunSpec spec, bool json, CancellationToken cancellationToken) => RemoteRun.AskAsync(endpoint, id, json, async run =>
    {
        await Console.Error.WriteLineAsync($"run {id}");
        return await run.EndAsync(await run.Client.StartAsync(id, spec.ToJson(), cancellationToken), cancellationToken);
    }, cancellationToken);

    public static Option<string?> Strategy()
    {
        var strategy = new Option<string?>("--strategy") { Description = "auto, perPartition or sharedScan, instead of the spec's.", HelpName = "X" };
        strategy.CompletionSources.Add("auto", "perPartition", "sharedScan");
        return strategy;
    }

    // What the command line says is checked like the spec itself.
    public static SpecResult Override(RunSpec spec, int? parallel, string? strategy)
    {
        var limits = parallel is { } lanes ? spec.Limits with { Parallel = lanes } : spec.Limits;
        var json = (spec with { Limits = limits }).ToJson();
        if (strategy is not null)
        {
            var node = System.Text.Json.Nodes.JsonNode.Parse(json)!;
            node["strategy"] = strategy;
            json = node.ToJsonString();
        }
        return SpecParser.Parse(Encoding.UTF8.GetBytes(json));
    }

    public static string NewRunId() => string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
}
