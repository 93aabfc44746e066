using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Engine.Spill;

namespace Fanfold.Worker;

/// <summary>The reducer of a task, or of a piece of one, and what it writes: the result's rows, or, for a piece and for a shared scan, what <see cref="Append"/> takes.</summary>
sealed class TaskReducer
{
    readonly bool _writesStates;

    public TaskReducer(ReduceWork work, TaskRows rows, ReducerSet reducers, SpillSpace space)
    {
        var reduction = work.Reduction;
        var limit = reduction.Limit ?? long.MaxValue;
        (int, int)? piece = work.Piece is { } of ? (of.Bucket, of.Buckets) : null;
        _writesStates = piece is not null || work.Shared is not null;
        Reducer = work switch
        {
            { Shared: not null } => ByPartition(reduction, rows, space, [], piece),
            { Reduction.Plugin: { } plugin } => Plugins.Start(reduction, plugin, rows.Schema, rows.Value!.Value, reducers, space.Account),
            { Reduction.Aggregates: { } aggregates } => new GroupReducer(rows.Schema, rows.Value, reduction.Keys ?? [], aggregates, reduction.Sort, limit, space.Account, space, piece),
            _ => new RowsReducer(rows.Schema, rows.Value!.Value.Field, rows.Value.Value.Value, reduction.Select ?? [], reduction.Sort, limit, space.Account, space),
        };
    }

    public Reducer Reducer { get; }

    /// <summary>The columns of the part. Groups are passed on as states; of rows the sorted first ones are enough.</summary>
    public Schema PartSchema => _writesStates ? PieceSchema : Reducer.OutputSchema;

    /// <summary>The columns of a piece's part.</summary>
    public Schema PieceSchema => Reducer is GroupReducer groups ? groups.StateSchema : Reducer.OutputSchema;

    /// <summary>
    /// Groups by partition and keys, and after the aggregates the rows of each group. By itself the output is ordered by partition, and has all groups whatever the
    /// limit.
    /// </summary>
    /// <param name="sort">Over the output's ordinals, inside each partition.</param>
    public static GroupReducer ByPartition(TaskReduction reduction, TaskRows rows, SpillSpace space, IReadOnlyList<SortKey> sort, (int Bucket, int Buckets)? piece = null) => new(
        rows.Schema, null, [rows.PartitionKey, .. reduction.Keys ?? []], [.. reduction.Aggregates!, new Aggregate("", AggregateFunction.Len, -1)],
        sort.Count == 0 ? [] : [new SortKey(0, Descending: false), .. sort], long.MaxValue, space.Account, space, piece);

    /// <summary>Takes in rows of a piece's part; pieces come in plan order.</summary>
    public void Append(RowBatch rows)
    {
        switch (Reducer)
        {
            case GroupReducer groups: groups.Merge(rows); break;
            case RowsReducer reducer: reducer.Append(rows); break;
            default: throw new InvalidOperationException("the states of a plug-in are not merged across tasks");
        }
    }

    /// <summary>The rows of the part that did not come out before.</summary>
    public IEnumerable<IReadOnlyList<Column>> Finish() => _writesStates && Reducer is GroupReducer groups ? groups.States() : Reducer.Finish();
}
