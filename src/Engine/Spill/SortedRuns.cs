using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Spill;

/// <summary>Sorted runs of rows on scratch, merged into one order: equal rows by the order of their runs, and inside a run as they stand.</summary>
/// <param name="limit">Rows that matter, from the first on.</param>
sealed class SortedRuns(Schema schema, IReadOnlyList<SortKey> sort, SpillSpace space, long limit = long.MaxValue)
{
    readonly RowOrder _order = new(sort);
    readonly List<RunFile> _runs = [];

    public bool Any => _runs.Count > 0;

    public bool AreTooMany => space.AreTooMany(_runs);

    /// <summary>Adds a run that <paramref name="write"/> writes, sorted.</summary>
    public void Add(Action<RunFile> write) => _runs.Add(space.Write(write));

    /// <summary>Merges runs while they are too many.</summary>
    public void Compact()
    {
        while (AreTooMany)
        {
            var first = SpillSpace.FirstToMerge(_runs);
            var newest = _runs[first..];
            var merged = space.Write(run =>
            {
                foreach (var rows in Merge(newest)) run.Write(rows);
            });
            foreach (var run in newest) run.Dispose();
            _runs.RemoveRange(first, newest.Count);
            _runs.Add(merged);
            if (first == 0) return;
        }
    }

    /// <summary>All rows in order, in pieces that belong to the caller until the next.</summary>
    public IEnumerable<IReadOnlyList<Column>> Merge() => Merge(_runs);

    IEnumerable<IReadOnlyList<Column>> Merge(List<RunFile> runs)
    {
        var memory = new StateMemory(space.Account);
        try
        {
            var merge = new RunMerge([.. runs.Select(run => run.Read(Columns()))], _order, isUnique: false);
            var (gathered, ordered, order) = (Columns(), Columns(), Array.Empty<int>());
            for (var left = limit; left > 0 && merge.NextRound();)
            {
                Clear(gathered);
                foreach (var (columns, from, to) in merge.Slices)
                {
                    for (var i = 0; i < gathered.Length; i++) gathered[i].AppendRange(columns[i], from, to - from);
                }
                var rows = gathered[0].Length;
                if (merge.Slices.Count > 1)
                {
                    memory.Lengthen(ref order, rows);
                    Interleave(merge.Slices, gathered, order.AsSpan(0, rows));
                }
                var taken = (int)Math.Min(left, rows);
                left -= taken;
                if (merge.Slices.Count == 1 && taken == rows)
                {
                    yield return gathered;
                    continue;
                }
                Clear(ordered);
                for (var i = 0; i < ordered.Length; i++)
                {
                    if (merge.Slices.Count > 1) ordered[i].AppendFrom(gathered[i], order.AsSpan(0, taken));
                    else ordered[i].AppendRange(gathered[i], 0, taken);
                }
                yield return ordered;
            }
        }
        finally
        {
            memory.Release();
        }

        Column[] Columns() => [.. schema.Fields.Select(field => memory.NewColumn(field.Type))];
    }

    /// <summary>Gives up all runs.</summary>
    public void Release()
    {
        foreach (var run in _runs) run.Dispose();
        _runs.Clear();
    }

    static void Clear(Column[] columns)
    {
        foreach (var column in columns) column.Clear();
    }

    /// <summary>Merges the slices, which lie one after another in <paramref name="rows"/>: a heap of their first rows that are left.</summary>
    void Interleave(IReadOnlyList<RunSlice> slices, Column[] rows, Span<int> order)
    {
        var heap = new (int Row, int End)[slices.Count];
        for (int i = 0, start = 0; i < heap.Length; i++)
        {
            heap[i] = (start, start + slices[i].To - slices[i].From);
            start = heap[i].End;
        }
        for (var i = heap.Length / 2 - 1; i >= 0; i--) Sink(heap, rows, i);
        var count = heap.Length;
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = heap[0].Row++;
            if (heap[0].Row == heap[0].End) heap[0] = heap[--count];
            Sink(heap.AsSpan(0, count), rows, 0);
        }
    }

    void Sink(Span<(int Row, int End)> heap, Column[] rows, int at)
    {
        while (2 * at + 1 < heap.Length)
        {
            var child = 2 * at + 1;
            if (child + 1 < heap.Length && Before(rows, heap[child + 1].Row, heap[child].Row)) child++;
            if (!Before(rows, heap[child].Row, heap[at].Row)) return;
            (heap[at], heap[child]) = (heap[child], heap[at]);
            at = child;
        }
    }

    // Of equal rows the one of the earlier run lies before.
    bool Before(Column[] rows, int left, int right) => _order.Compare(rows, left, rows, right) is var compared && (compared != 0 ? compared < 0 : left < right);
}
