using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce.Plugins;

/// <summary>
/// A reducer of a user's own: it turns the rows of one partition into rows of a result. Rows come row group by row group, each into a state of its own,
/// and the states are merged in plan order. Equal rows must give equal output, bit by bit, wherever they are cut.
/// </summary>
/// <typeparam name="TState">What is known of some rows; a class or a struct.</typeparam>
public interface IReducer<TState>
{
    /// <summary>What a spec names in <c>reduce.plugin</c>.</summary>
    string Name { get; }

    /// <summary>Changes whenever results may change: work of another version is never reused. Null for the informational version of the reducer's assembly.</summary>
    string? Version => null;

    /// <summary>The columns that it reads; batches have them in this order.</summary>
    IReadOnlyList<ReducerInput> Inputs { get; }

    /// <summary>The columns that it writes, after the partition column, which is not among them.</summary>
    /// <param name="inputs">The fields of <see cref="Inputs"/> as the source has them, all of accepted types.</param>
    IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs);

    /// <summary>The state of no rows.</summary>
    TState Create(ReducerContext context);

    /// <summary>Takes in the rows of a batch, whose spans are valid only during the call.</summary>
    void Accumulate(ref TState state, InputBatch batch);

    /// <summary>Adds what <paramref name="later"/> knows, of rows behind those of <paramref name="state"/>, and which is not used again.</summary>
    void Merge(ref TState state, TState later);

    /// <summary>Writes the result's rows, in an order that depends on the rows alone. Not called for a partition without rows.</summary>
    void Finish(TState state, ReducerOutput output);
}

/// <summary>What a reducer may know of its task.</summary>
/// <param name="Inputs">The fields of <see cref="IReducer{TState}.Inputs"/> with the types that the source has.</param>
/// <param name="Memory">
/// The task's account, which readers and output share: its limit is the cap of the process. A state that grows with the data charges what it
/// takes before it takes it, so that a partition too large ends as the outcome <c>memory</c> and not as a killed process.
/// </param>
public sealed record ReducerContext(IReadOnlyList<Field> Inputs, MemoryAccount Memory);
