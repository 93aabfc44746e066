using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Engine.Spill;

namespace Fanfold.Worker;

/// <summary>The reducer of a task, or of a piece of one, and what it writes: the result's rows, or, for a piece, what <see cref="Append"/> takes.</summary>
sealed class TaskReducer
{
    readonly bool _isPiece;

    public TaskReducer(ReduceWork work, Schema rows, (Field Field, Scalar Value)? partition, ReducerSet reducers, SpillSpace space)
    {
        var reduction = work.Reduction;
        var limit = reduction.Limit ?? long.MaxValue;
        _isPiece = work.Piece is not null;
        Reducer = reduction switch
        {
            { Plugin: { } plugin } => Plugins.Start(reduction, plugin, rows, partition!.Value, reducers, space.Account),
            { Aggregates: { } aggregates } => new GroupReducer(rows, partition, reduction.Keys ?? [], aggregates, reduction.Sort, limit, space.Account, space, work.Piece is { } piece ? (piece.Bucket, piece.Buckets) : null),
            _ => new RowsReducer(rows, partition!.Value.Field, partition.Value.Value, reduction.Select ?? [], reduction.Sort, limit, space.Account, space),
        };
    }

    public Reducer Reducer { get; }

    /// <summary>The columns of the part. Groups are passed on as states; of rows the sorted first ones are enough.</summary>
    public Schema PartSchema => _isPiece ? PieceSchema : Reducer.OutputSchema;

    /// <summary>The columns of a piece's part.</summary>
    public Schema PieceSchema => Reducer is GroupReducer groups ? groups.StateSchema : Reducer.OutputSchema;

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
    public IEnumerable<IReadOnlyList<Column>> Finish() => _isPiece && Reducer is GroupReducer groups ? groups.States() : Reducer.Finish();
}
