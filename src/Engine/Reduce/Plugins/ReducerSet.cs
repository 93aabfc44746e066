using System.Collections;
using System.Reflection;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce.Plugins;

/// <summary>The reducers that a worker has beside its own: <c>new ReducerSet { new MyReducer() }</c>.</summary>
public sealed class ReducerSet : IReadOnlyCollection<RegisteredReducer>
{
    public static readonly ReducerSet None = [];

    readonly SortedDictionary<string, RegisteredReducer> _reducers = new(StringComparer.Ordinal);

    public int Count => _reducers.Count;

    public void Add<TState>(IReducer<TState> reducer)
    {
        if (string.IsNullOrWhiteSpace(reducer.Name)) throw new ArgumentException($"{reducer.GetType()} has no name", nameof(reducer));
        if (!_reducers.TryAdd(reducer.Name, new RegisteredReducer<TState>(reducer))) throw new ArgumentException($"two reducers are named '{reducer.Name}'", nameof(reducer));
    }

    /// <summary>Null when there is none of that name.</summary>
    public RegisteredReducer? Find(string name) => _reducers.GetValueOrDefault(name);

    /// <summary>By name.</summary>
    public IEnumerator<RegisteredReducer> GetEnumerator() => _reducers.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A reducer whose state's type does not show.</summary>
public abstract class RegisteredReducer
{
    public abstract string Name { get; }

    public abstract string Version { get; }

    public abstract IReadOnlyList<ReducerInput> Inputs { get; }

    /// <summary>The columns of its result over these inputs.</summary>
    /// <exception cref="PluginException">It does not take them, or its own answer is no schema.</exception>
    public abstract IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs);

    /// <param name="input">The schema of the batches.</param>
    /// <param name="ordinals">Where each of <see cref="Inputs"/> is in it.</param>
    /// <param name="sort">Over the output's ordinals, the partition column included; ties, and an empty sort, keep the order in which the plug-in wrote.</param>
    /// <exception cref="PluginException">As <see cref="Outputs"/>.</exception>
    public abstract Reducer Start(Schema input, IReadOnlyList<int> ordinals, (Field Field, Scalar Value) partition, IReadOnlyList<SortKey> sort, long limit, MemoryAccount memory);
}

sealed class RegisteredReducer<TState>(IReducer<TState> reducer) : RegisteredReducer
{
    public override string Name { get; } = reducer.Name;

    public override string Version { get; } = reducer.Version ?? AssemblyVersion(reducer.GetType().Assembly);

    public override IReadOnlyList<ReducerInput> Inputs { get; } = [.. reducer.Inputs];

    public override IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs)
    {
        for (var i = 0; i < Inputs.Count; i++)
        {
            if (!Inputs[i].Accepts(inputs[i].Type))
                throw new PluginException("plugin-input", $"the plug-in '{Name}' reads the column '{Inputs[i].Name}' as {Inputs[i].Accepted}, and it is {inputs[i].Type}");
        }
        Field[] outputs;
        try
        {
            outputs = [.. reducer.Outputs(inputs)];
        }
        catch (Exception thrown) when (PluginException.IsPlugins(thrown))
        {
            throw PluginException.Of(this, nameof(Outputs), thrown);
        }
        var twice = outputs.GroupBy(field => field.Name).FirstOrDefault(group => group.Count() > 1);
        var fault = outputs.Length == 0 ? "no column" : outputs.Any(field => string.IsNullOrEmpty(field.Name)) ? "a column without a name" : twice is null ? null : $"two columns '{twice.Key}'";
        return fault is null ? outputs : throw new PluginException("plugin-output", $"the plug-in '{Name}' {Version} says that it writes {fault}");
    }

    public override Reducer Start(Schema input, IReadOnlyList<int> ordinals, (Field Field, Scalar Value) partition, IReadOnlyList<SortKey> sort, long limit, MemoryAccount memory)
    {
        Field[] inputs = [.. ordinals.Select(ordinal => input[ordinal])];
        return new PluginReducer<TState>(this, reducer, new ReducerContext(inputs, memory), Outputs(inputs), ordinals, partition, sort, limit);
    }

    // With the commit, where the build puts it there.
    static string AssemblyVersion(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "0";
}
