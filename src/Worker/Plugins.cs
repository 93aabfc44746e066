using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Reduce.Plugins;

namespace Fanfold.Worker;

/// <summary>Answers for the plug-ins of this worker, and starts them.</summary>
static class Plugins
{
    /// <summary>All of them; with a plug-in and its inputs named, that one alone with its outputs.</summary>
    public static TaskReceipt Describe(string taskId, DescribeWork work, ReducerSet reducers)
    {
        var described = work.Plugin is { } name ? [ReducerDescription.Of(Find(reducers, name), Find(reducers, name).Outputs([.. work.Inputs.Select(input => input.ToField())]))] : ReducerDescription.All(reducers);
        return new TaskReceipt { TaskId = taskId, Outcome = TaskOutcome.Done, Reducers = new WorkerReducers(WorkerHost.BuildVersion, described) };
    }

    /// <exception cref="PluginException">The worker is not the one that the run was planned with.</exception>
    public static Reducer Start(TaskReduction reduction, TaskPlugin planned, Schema schema, (Field Field, Scalar Value) partition, ReducerSet reducers, MemoryAccount memory)
    {
        var plugin = Find(reducers, planned.Name);
        if (plugin.Version != planned.Version)
            throw new PluginException("plugin-changed", $"the run was planned with version {planned.Version} of the plug-in '{planned.Name}', and the worker has {plugin.Version}; name the worker of that version with --worker, or start a run under a new id");
        var reducer = plugin.Start(schema, planned.Inputs, partition, reduction.Sort, reduction.Limit ?? long.MaxValue, memory);
        if (!reducer.OutputSchema.Fields.Skip(1).SequenceEqual(planned.Outputs.Select(output => output.ToField())))
            throw new PluginException("plugin-changed", $"the plug-in '{planned.Name}' {planned.Version} writes other columns than when the run was planned; give it a new version, and start a run under a new id");
        return reducer;
    }

    static RegisteredReducer Find(ReducerSet reducers, string name) => reducers.Find(name)
        ?? throw new PluginException("plugin-missing", reducers.Count == 0
            ? $"this worker has no plug-in '{name}', nor any other; name the worker that it is compiled into with --worker PATH or FANFOLD_WORKER"
            : $"this worker has no plug-in '{name}'; it has {string.Join(", ", reducers.Select(reducer => $"'{reducer.Name}'"))}. Name the right worker with --worker PATH or FANFOLD_WORKER");
}
