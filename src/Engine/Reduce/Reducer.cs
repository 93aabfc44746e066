using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Turns selected rows into output rows. The output begins with the partition column, which is the same in every row.</summary>
/// <param name="ordinals">The columns of the batches that it reads; the others may be missing there.</param>
public abstract class Reducer(Schema outputSchema, IEnumerable<int> ordinals)
{
    public Schema OutputSchema { get; } = outputSchema;

    /// <summary>The ordinals of the columns that it reads, ascending.</summary>
    public IReadOnlyList<int> Ordinals { get; } = [.. ordinals.Distinct().Order()];

    /// <summary>Takes in the rows of <paramref name="batch"/>, which are all selected.</summary>
    public abstract void Accumulate(RowBatch batch);

    /// <summary>Told after the last batch of a row group, whether it had any or not.</summary>
    public virtual void EndRowGroup()
    {
    }

    /// <summary>Output columns that are ready to be written as a row group before the end; null when there are none yet. They belong to the caller until the next call.</summary>
    public abstract IReadOnlyList<Column>? TakeReady();

    /// <summary>The remaining output in its order, cut into row groups, each the caller's until the next. Ends the reducer.</summary>
    public abstract IEnumerable<IReadOnlyList<Column>> Finish();

    /// <summary>Gives what the reducer holds back to its account; the end of <see cref="Finish"/> does it too. It must not be used after it.</summary>
    public virtual void Release()
    {
    }

    /// <summary>The rows of a row group of output: few, since parts are combined into larger ones, and a worker holds one at a time.</summary>
    protected const int RowGroupRows = 32 * 1024;

    protected static void Fill(Column column, Scalar value, int rows)
    {
        for (var i = 0; i < rows; i++) column.Append(value);
    }
}
