using System.CommandLine;
using System.Text;
using Fanfold.LocalHost.Serving;
using Fanfold.Storage;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold demo</c></summary>
static class DemoVerb
{
    const string DefaultStore = ".fanfold/demo";
    const string SpecFile = ".fanfold/demo.json";
    const int HeadRows = 10;

    const string Spec = """
        {
          "version": 1,
          "source": { "path": "lake/trips" },
          "partitionBy": { "column": "ff" },
          "where": "distance > 0.5",
          "reduce": {
            "groupBy": ["category"],
            "aggregates": { "trips": "len()", "total": "sum(amount)", "average": "mean(amount)", "shortest": "min(distance)", "longest": "max(distance)" }
          },
          "output": { "path": "results/trips-by-category.parquet" },
          "strategy": "perPartition"
        }
        """;

    public static Command Create()
    {
        var store = CommonOptions.Store();
        store.Description = $"Where the demo keeps its data and results. Default: {DefaultStore}";
        var json = CommonOptions.Json();
        var serve = new Option<bool>("--serve") { Description = "Show the run in a browser, from its begin until Ctrl-C." };
        var urls = ServeVerb.Urls();
        var command = new Command("demo", "Make a data set and run the job that fanfold is for, each partition in a process of its own.") { store, serve, urls, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var asJson = parsed.GetValue(json);
            var stores = new Stores(parsed.GetValue(store) ?? DefaultStore, null);
            await Console.Error.WriteLineAsync(await DemoData.EnsureAsync(stores.State, cancellationToken)
                ? $"made the data set: {DemoData.Files} files, {DemoData.Rows:N0} rows, {DemoData.Partitions} values of ff in every row group"
                : "the data set is there already");
            var spec = SpecParser.Parse(Encoding.UTF8.GetBytes(Spec)).Spec!;
            var options = new RunOptions(stores, RunVerb.NewRunId(), WorkerCommand.Find(), MachineOptions.Default, Fresh: false);
            var page = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var serving = parsed.GetValue(serve)
                ? ServeVerb.ServeAsync(stores, parsed.GetValue(urls), options.Worker, options.Host, static (_, _) => Task.CompletedTask, served => page.SetResult($"{served[0]}/runs/{options.RunId}"), json: false, cancellationToken)
                : null;
            if (serving is not null)
            {
                if (await Task.WhenAny(serving, page.Task) == serving) return await serving;
                await Console.Error.WriteLineAsync($"this run in a browser: {await page.Task}");
            }
            var outcome = await LocalRun.RunAsync(spec, options, cancellationToken);
            if (!asJson && outcome.Summary?.Output is { } output)
            {
                Console.WriteLine($"The first {HeadRows} of {outcome.Summary.RowsOut:N0} rows of {output}:");
                await SummaryView.PrintHeadAsync(stores.State, output, HeadRows, cancellationToken);
            }
            var exitCode = outcome.Print(asJson);
            if (!asJson && exitCode == ExitCode.Succeeded)
            {
                Console.WriteLine($"""

                    Every row group holds every value of ff, so statistics rule none of them out: this is the hard case.
                    {await AdviseAsync(spec, stores, cancellationToken)}
                    """);
                Directory.CreateDirectory(Path.GetDirectoryName(SpecFile)!);
                await File.WriteAllTextAsync(SpecFile, Spec, cancellationToken);
                Console.WriteLine($"Try it yourself: fanfold run {SpecFile} --store {parsed.GetValue(store) ?? DefaultStore}");
                if (serving is null) Console.WriteLine($"In a browser:    fanfold serve --store {parsed.GetValue(store) ?? DefaultStore}, then {LocalServer.DefaultUrl}/runs/{options.RunId}");
            }
            if (serving is null) return exitCode;
            if (!cancellationToken.IsCancellationRequested) await Console.Error.WriteLineAsync($"{await page.Task} is there until Ctrl-C");
            var served = await serving;
            return exitCode == ExitCode.Succeeded ? served : exitCode;
        });
        return command;
    }

    /// <summary>What the planner would choose, had it been asked.</summary>
    static async Task<string> AdviseAsync(RunSpec spec, Stores stores, CancellationToken cancellationToken)
    {
        var (plan, errors) = await DryRun.PlanAsync(spec with { Strategy = RunStrategy.Auto }, stores.Data, stores.State, stores.DataLocation, stores.StateLocation,
            new ProcessIsolation(WorkerCommand.Find(), stores.Identity), DryRun.Id(RunVerb.NewRunId()), cancellationToken);
        return plan is null ? $"\"auto\" can't be asked: {errors[0].Message}" : $"\"auto\" would choose {plan.Strategy}: {plan.StrategyReason}.";
    }
}
