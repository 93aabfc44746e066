using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary><c>len()</c> and <c>count(x)</c>.</summary>
sealed class CountAccumulator(StateMemory memory) : Accumulator
{
    long[] _counts = [];

    public override void Resize(int groups) => memory.Lengthen(ref _counts, groups);

    public override bool TakesCodes => true;

    public override void Accumulate(Column? input, ReadOnlySpan<int> groups, long position)
    {
        // Groups are below the size that Resize was told, so their bounds need no check for each row.
        ref var counts = ref MemoryMarshal.GetArrayDataReference(_counts);
        if (input is { HasNulls: true })
        {
            for (var i = 0; i < groups.Length; i++)
            {
                if (!input.IsNull(i)) Unsafe.Add(ref counts, groups[i])++;
            }
            return;
        }
        foreach (var group in groups) Unsafe.Add(ref counts, group)++;
    }

    public override void AccumulateAll(Column? input, ReadOnlySpan<int> groups, long position) => _counts[0] += groups.Length - (input?.NullCount ?? 0);

    public override IReadOnlyList<DataType> StateTypes => [DataType.Int64];

    public override void Save(ReadOnlySpan<int> order, ReadOnlySpan<Column> state) => Finish(order, state[0]);

    public override void Merge(ReadOnlySpan<Column> state, ReadOnlySpan<int> groups)
    {
        var counts = ((Column<long>)state[0]).Values;
        for (var i = 0; i < groups.Length; i++) _counts[groups[i]] += counts[i];
    }

    public override void Finish(ReadOnlySpan<int> order, Column target)
    {
        var column = (Column<long>)target;
        foreach (var group in order) column.Append(_counts[group]);
    }
}
