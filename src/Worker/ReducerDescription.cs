using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce.Plugins;

namespace Fanfold.Worker;

/// <summary>A plug-in as its worker tells of it.</summary>
/// <param name="Outputs">What it writes after the partition column; null where it was not asked over a schema.</param>
public sealed record ReducerDescription(string Name, string Version, IReadOnlyList<InputDescription> Inputs, IReadOnlyList<TaskColumn>? Outputs = null)
{
    public static IReadOnlyList<ReducerDescription> All(ReducerSet reducers) => [.. reducers.Select(reducer => Of(reducer))];

    public static ReducerDescription Of(RegisteredReducer reducer, IReadOnlyList<Field>? outputs = null) => new(
        reducer.Name, reducer.Version, [.. reducer.Inputs.Select(input => new InputDescription(input.Name, input.Form, input.Accepted))],
        outputs is null ? null : [.. outputs.Select(field => new TaskColumn(field.Name, field.Type))]);
}

/// <param name="Accepts">The accepted types in words.</param>
public sealed record InputDescription(string Name, InputForm Form, string Accepts);

/// <summary>What a worker answers to <see cref="DescribeWork"/>.</summary>
/// <param name="WorkerVersion">Of the fanfold that the worker was built with.</param>
public sealed record WorkerReducers(string WorkerVersion, IReadOnlyList<ReducerDescription> Reducers);
