using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary><c>len()</c> and <c>count(x)</c>.</summary>
sealed class CountAccumulator(ValueCounts counts) : Accumulator
{
    public override void Resize(int groups) => counts.Resize(groups);

    public override void Reserve(Column? input) => counts.Reserve(input);

    public override void ReserveStates(ReadOnlySpan<Column> state) => counts.ReserveStates();

    public override bool TakesCodes => true;

    public override void Clear() => counts.Clear();

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position) => counts.Add(input, groups);

    public override void AccumulateAll(Column? input, ReadOnlySpan<int> groups, long position) => counts.AddAll(input);

    public override IReadOnlyList<DataType> StateTypes => [DataType.Int64];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state) => Finish(order, state[0]);

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups) => counts.Merge(groups, ((Column<long>)state[0]).Values);

    public override void Finish(ReadOnlySpan<int> order, Column target) => counts.Write(order, (Column<long>)target);
}
