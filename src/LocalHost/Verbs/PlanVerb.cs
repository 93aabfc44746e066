using System.CommandLine;
using System.Globalization;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Spectre.Console;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold plan SPEC</c></summary>
static class PlanVerb
{
    public static Command Create()
    {
        var spec = CommonOptions.Spec();
        var store = CommonOptions.Store();
        var data = CommonOptions.Data();
        var strategy = RunVerb.Strategy();
        var worker = CommonOptions.Worker();
        var json = CommonOptions.Json();
        var command = new Command("plan", "Show what a run would do. Finding the partitions, where the spec does not name them, reads that one column.") { spec, store, data, strategy, worker, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var asJson = parsed.GetValue(json);
            var (read, exitCode) = await SpecFile.ReadAsync(parsed.GetValue(spec)!, asJson, cancellationToken);
            if (read is null) return exitCode;
            var result = RunVerb.Override(read, null, parsed.GetValue(strategy));
            if (!result.IsValid) return SpecFile.Refuse(result, asJson);
            var stores = new Stores(parsed.GetValue(store), parsed.GetValue(data));
            if (stores.FaultOfData() is { } fault) return SpecFile.Refuse([fault], asJson);
            // The dry run's only object is the partition list, which needs a place to be written to.
            var (plan, errors) = await DryRun.PlanAsync(
                result.Spec, stores.Data, stores.State, stores.DataLocation, stores.StateLocation, new ProcessIsolation(CommonOptions.Worker(parsed.GetValue(worker)), stores.Identity), DryRun.Id(RunVerb.NewRunId()), cancellationToken);
            if (plan is null) return SpecFile.Refuse(errors, asJson);
            if (asJson) CommandJson.Write(plan, CommandJson.Default.PlanDocument);
            else Print(plan, CommonOptions.Worker(parsed.GetValue(worker)).IsNative);
            return ExitCode.Succeeded;
        });
        return command;
    }

    static string Describe(PlanCandidate candidate) => string.Create(CultureInfo.InvariantCulture,
        $"{candidate.Strategy}: {candidate.Tasks:N0} tasks, {TerminalText.Bytes(candidate.BytesFetched)} to fetch, finding and counting partitions included, {TerminalText.Bytes(candidate.BytesDecoded)} to decode, {candidate.CpuSeconds:0.0} s of processor time, about $ {candidate.Dollars:0.0000} on Azure (prices of {candidate.PricesOf}){(candidate.Excluded is { } why ? $"; not possible: {why}" : "")}");

    /// <param name="isNative">Whether the worker is: costs are of one that is.</param>
    static void Print(PlanDocument plan, bool isNative)
    {
        var tree = new Tree(new Text($"{plan.Tasks:N0} tasks, strategy {plan.Strategy} ({plan.StrategyReason})"));
        var source = tree.AddNode(new Text($"source: {plan.Files:N0} files, {plan.RowGroups.Total:N0} row groups, {plan.RowsIn:N0} rows"));
        source.AddNode(new Text(TerminalText.Safe("columns: " + string.Join(", ", plan.Columns.Select(column => $"{column.Name} {column.Type}")))));
        tree.AddNode(new Text($"over all tasks: {plan.RowGroups.Matched:N0} row groups matched, {plan.RowGroups.Pruned:N0} pruned; {TerminalText.Bytes(plan.BytesToRead)} to read, {TerminalText.Bytes(plan.BytesPruned)} pruned"));
        tree.AddNode(new Text($"memory: at most {TerminalText.Bytes(plan.MemoryPerTask)} a task; {TerminalText.Bytes(plan.ForecastWorkerMemory)} expected of the largest"));
        foreach (var candidate in plan.Candidates) tree.AddNode(new Text(Describe(candidate)));
        if (!isNative) tree.AddNode(new Text("that is with the native worker; on the .NET runtime, as here, each task takes about 0.4 s of processor time more"));
        var isShared = plan.Strategy == "sharedScan";
        var partitions = tree.AddNode(new Text(isShared ? $"{plan.Tasks:N0} slices of row groups, each for {(plan.Partitions is { } named ? $"{named:N0} partitions" : "all partitions that it finds")}" : $"{plan.Partitions:N0} partitions"));
        foreach (var partition in plan.FirstPartitions)
            partitions.AddNode(new Text(TerminalText.Safe($"{partition.Value}: {partition.RowGroups:N0} row groups, {TerminalText.Bytes(partition.Bytes)}{(partition.Rows is { } rows ? $", {rows:N0} rows before where" : "")}, {TerminalText.Bytes(partition.ForecastMemory)} of memory expected")));
        if (plan.FirstPartitions.Count < plan.Tasks) partitions.AddNode(new Text($"and {plan.Tasks - plan.FirstPartitions.Count:N0} more"));
        tree.AddNode(new Text(TerminalText.Safe("result: " + string.Join(", ", plan.ResultColumns.Select(column => $"{column.Name} {column.Type}")))));
        AnsiConsole.Write(tree);
    }
}
