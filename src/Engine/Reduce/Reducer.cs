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

    /// <summary>Takes rows of the output that are known before the end, in order: the first rows of the columns, in any form, valid during the call.</summary>
    public Action<RowBatch> Ready { get; set; } = static _ => throw new InvalidOperationException("no one takes the rows that are ready");

    /// <summary>The remaining output in its order, in pieces that belong to the caller until the next. Ends the reducer.</summary>
    public abstract IEnumerable<IReadOnlyList<Column>> Finish();

    /// <summary>Writes what it holds to scratch, for others that need the memory; false when there is nothing, no place for it, or it is being used just now.</summary>
    public virtual bool Spill() => false;

    /// <summary>Gives what the reducer holds back to its account; the end of <see cref="Finish"/> does it too. It must not be used after it.</summary>
    public virtual void Release()
    {
    }
}
