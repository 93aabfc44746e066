using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Worker;

/// <summary>The rows that a task looks at: their columns, and which of them are its own.</summary>
sealed class TaskRows
{
    readonly RowSchema _rows;

    public TaskRows(ReduceWork work)
    {
        Source = new Schema(work.Columns.Select(column => column.ToField()));
        _rows = new RowSchema(Source);
        foreach (var (name, text) in work.Derived ?? []) _rows.Add(name, Accepted(Expression.Parse(text).BindValue(_rows.InReduce), text));
        Partition = work.Shared is { } shared ? Share(shared) : work.Partition is { } partition ? Of(partition) : null;
        Where = work.Where is { } where ? Accepted(Expression.Parse(where).BindPredicate(_rows.InWhere), where) : null;
        if (work.Partition is { } single) Value = (Source[single.Column], ScalarText.Read(Source[single.Column].Type, single.Value));
    }

    /// <summary>The columns that are read.</summary>
    public Schema Source { get; }

    /// <summary>These, and the derived ones after them.</summary>
    public Schema Schema => _rows.InReduce;

    public IReadOnlyList<ValueExpression> Derived => _rows.Derived;

    /// <summary>The rows of the task's partition, or of its partitions; null when all rows are.</summary>
    public Predicate? Partition { get; }

    public Predicate? Where { get; }

    /// <summary>What leads every row of the output; null when the task has no partition, or all of them.</summary>
    public (Field Field, Scalar Value)? Value { get; }

    /// <summary>For a shared scan, the ordinal of the column that tells a row's partition.</summary>
    public int PartitionKey { get; private set; } = -1;

    Predicate Of(TaskPartition partition)
    {
        var value = ScalarText.Read(Source[partition.Column].Type, partition.Value);
        return partition.End is not { } end
            ? Predicate.Equal(Source, partition.Column, value)
            : Predicate.Range(Source, partition.Column, value, Below(value.Type, end));
    }

    Predicate? Share(SharedPartitions shared)
    {
        PartitionKey = shared.Column;
        if (shared.Values is not { } texts) return null;
        var type = Source[shared.Column].Type;
        var values = texts.Select(text => ScalarText.Read(type, text)).ToList();
        if (shared.Ends is not { } ends) return Predicate.AnyOf(Source, shared.Column, values);
        var range = new RangeStart(Source, shared.Column, [.. values.Zip(ends, (from, end) => (from, Below(type, end)))]);
        PartitionKey = _rows.Add("", range);
        return Predicate.IsPresent(range);
    }

    static Scalar? Below(DataType type, RangeEnd end) => end.Below is { } below ? ScalarText.Read(type, below) : null;

    static T Accepted<T>(Checked<T> bound, string text) where T : class =>
        bound.Value ?? throw new InvalidOperationException($"the planner accepted \"{text}\", the worker does not: {bound.Faults[0].Message}");
}
