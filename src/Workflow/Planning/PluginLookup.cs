using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>Which plug-in made a result.</summary>
public sealed record PluginIdentity(string Name, string Version);

/// <summary>What the worker says of a spec's plug-in: one of both.</summary>
sealed record FoundPlugin(ReducerDescription? Description, RunError? Fault)
{
    /// <summary>Columns whose types the plug-in does not take.</summary>
    public IEnumerable<RunError> TypeFaults(Engine.Columns.Schema columns) =>
        from input in Description?.Inputs ?? []
        where columns.IndexOf(input.Name) is >= 0 and var ordinal && !new ReducerInput(input.Name, input.Form).Accepts(columns[ordinal].Type)
        select new RunError("plugin-input", $"The plug-in {Quoted.Text(Description!.Name)} reads the column {Quoted.Text(input.Name)} as {input.Accepts}, and it is {columns[columns.IndexOf(input.Name)].Type}.", Pointer: PluginLookup.Pointer);
}

/// <summary>Asks the worker about a spec's plug-in, by tasks that read no data.</summary>
sealed class PluginLookup(StoreLocation dataLocation, StoreLocation stateLocation, ITaskIsolation isolation, LimitsSpec limits, RunPaths paths)
{
    public const string Pointer = "/reduce/plugin";

    const int MaxNames = 8;

    /// <exception cref="PlanRefusedException">The worker failed.</exception>
    public async Task<FoundPlugin> FindAsync(string name, CancellationToken cancellationToken)
    {
        var reducers = await AskAsync(new DescribeWork(null, []), cancellationToken);
        if (reducers.FirstOrDefault(reducer => reducer.Name == name) is { } found) return new FoundPlugin(found, null);
        var names = reducers.Select(reducer => reducer.Name).ToList();
        var which = names.Count == 0 ? ", nor any other; name the worker that it is compiled into with --worker PATH or FANFOLD_WORKER."
            : Suggestion.For(name, names, $"; it has {Listed(names)}. Is --worker or FANFOLD_WORKER the right one?");
        return new FoundPlugin(null, new RunError("plugin-missing", $"The worker has no plug-in {Quoted.Text(name)}{which}", Pointer: Pointer));
    }

    /// <summary>The spec with the plug-in's outputs, which may depend on the types of its inputs.</summary>
    /// <exception cref="PlanRefusedException">The outputs do not fit the spec, or the worker failed.</exception>
    public async Task<ResolvedSpec> CompleteAsync(RunSpec spec, ResolvedSpec resolved, TaskPlugin plugin, CancellationToken cancellationToken)
    {
        TaskColumn Column(int ordinal) => new(resolved.Rows.InReduce[ordinal].Name, resolved.Rows.InReduce[ordinal].Type);
        var outputs = (await AskAsync(new DescribeWork(plugin.Name, [.. plugin.Inputs.Select(Column)]), cancellationToken)).Single().Outputs!;
        IReadOnlyList<TaskColumn> result = [Column(0), .. outputs];
        var names = result.Select(column => column.Name).ToList();
        var errors = new List<RunError>();
        if (names.LastIndexOf(names[0]) > 0)
            errors.Add(new RunError("plugin-output", $"The plug-in {Quoted.Text(plugin.Name)} writes a column {Quoted.Text(names[0])}, which is the partition column and always the result's first.", Pointer: Pointer));
        var sort = new List<Engine.Reduce.SortKey>();
        foreach (var (key, i) in spec.Reduce.Sort.Select((key, i) => (key, i)))
        {
            sort.Add(new Engine.Reduce.SortKey(names.IndexOf(key.Column), key.Descending));
            if (sort[i].Column >= 0) continue;
            errors.Add(new RunError(SpecErrorCode.UnknownColumn,
                $"reduce.sort[{i}]: {Quoted.Text(key.Column)} is not an output column{Suggestion.For(key.Column, names, $"; these are {Listed(names)}.")}", Pointer: $"/reduce/sort/{i}"));
        }
        if (errors.Count > 0) throw new PlanRefusedException(errors);
        return resolved with { ResultColumns = result, Reduction = resolved.Reduction with { Sort = sort, Plugin = plugin with { Outputs = outputs } } };
    }

    async Task<IReadOnlyList<ReducerDescription>> AskAsync(DescribeWork work, CancellationToken cancellationToken)
    {
        var receipt = await isolation.RunAsync(new WorkerTask
        {
            RunId = paths.RunId,
            TaskId = "describe",
            Data = dataLocation,
            State = stateLocation,
            Output = "",
            Memory = limits.Memory.Bytes,
            Metadata = new SortedDictionary<string, string>(StringComparer.Ordinal),
            Describe = work,
        }, limits.Timeout, static _ => { }, cancellationToken);
        if (receipt.Failure is { } failure)
        {
            var isPlugins = failure.Code.StartsWith("plugin-", StringComparison.Ordinal);
            throw new PlanRefusedException(failure.Code, isPlugins ? $"{Capital(failure.Message)}." : $"The worker can't be asked for its plug-ins: {failure.Message}.", pointer: isPlugins ? Pointer : null) { Outcome = receipt.Outcome };
        }
        if (receipt.Reducers is not { } answer || answer.WorkerVersion != RunPlanner.EngineVersion)
            throw new PlanRefusedException("worker-version", $"The worker was built with fanfold {receipt.Reducers?.WorkerVersion ?? "of an older version"}, and this is {RunPlanner.EngineVersion}; build it with the same.") { Outcome = TaskOutcome.Bug };
        return answer.Reducers;
    }

    static string Listed(List<string> names) => string.Join(", ", names.Take(MaxNames).Select(Quoted.Clip)) + (names.Count > MaxNames ? ", …" : "");

    static string Capital(string sentence) => char.ToUpperInvariant(sentence[0]) + sentence[1..];
}
