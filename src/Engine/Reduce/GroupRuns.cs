using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Reduce;

/// <summary>
/// Groups on scratch: runs of keys and states by the keys ascending, and for each aggregate that keeps values, runs of keys and values by both. Merging takes
/// the runs' next keys together, so what is in memory depends on the runs' frames and not on the number of groups.
/// </summary>
/// <param name="create">Makes the accumulators of empty groups, one an aggregate, with the counter that they share.</param>
sealed class GroupRuns(IReadOnlyList<DataType> keyTypes, Func<StateMemory, (Accumulator[] Accumulators, RowCounts Rows)> create, SpillSpace space)
{
    const int PieceRows = 4096;

    readonly List<RunFile> _runs = [];
    readonly Dictionary<int, SortedRuns> _values = [];
    SpillSpace? _shared;

    public bool Any => _runs.Count > 0;

    /// <summary>Whether runs have to be merged before the next is added.</summary>
    public bool AreTooMany => space.AreTooMany(_runs) || _values.Values.Any(values => values.AreTooMany);

    /// <summary>What <see cref="Add"/> takes beside the states, when so many more rows have been taken in.</summary>
    public long SpillBytes(GroupStates states, int rows)
    {
        var bytes = states.OrderBytes + 4L * space.FrameBytes + 64L * rows;
        foreach (var accumulator in states.Accumulators)
        {
            if (accumulator is ValueAccumulator values) bytes += values.ArrangeBytes + 64L * rows;
        }
        return bytes;
    }

    /// <summary>Writes all groups as a run each of states and values.</summary>
    public void Add(GroupStates states)
    {
        var order = states.Order();
        _runs.Add(space.Write(run =>
        {
            var columns = states.Memory.NewColumns(RunSchema(states));
            try
            {
                Save(states, order, columns, run);
            }
            finally
            {
                Release(columns);
            }
        }));
        for (var i = 0; i < states.Accumulators.Count; i++)
        {
            if (states.Accumulators[i] is ValueAccumulator values) AddValues(i, values, states, order);
        }
    }

    /// <summary>Merges runs that have become too many. The groups that were added are no longer in memory then.</summary>
    public void Compact()
    {
        foreach (var values in _values.Values) values.Compact();
        while (space.AreTooMany(_runs) && Merge(SpillSpace.FirstToMerge(_runs)))
        {
        }
    }

    /// <summary>Merges the runs from the <paramref name="first"/> on into one; false when that are all.</summary>
    bool Merge(int first)
    {
        var newest = _runs[first..];
        var merged = space.Write(run =>
        {
            Column[]? columns = null;
            foreach (var states in Rounds(newest, passing: false))
            {
                columns ??= states.Memory.NewColumns(RunSchema(states));
                Save(states, states.Order(), columns, run);
            }
            Release(columns ?? []);
        });
        foreach (var run in newest) run.Dispose();
        _runs.RemoveRange(first, newest.Count);
        _runs.Add(merged);
        return first > 0;
    }

    /// <summary>Writes these groups in frames.</summary>
    void Save(GroupStates states, ReadOnlyMemory<int> order, Column[] columns, RunFile run)
    {
        for (int from = 0, count; from < order.Length; from += count)
        {
            count = space.Frame.Next(from, order.Length, row => states.BytesOf(order.Span[row], spilled: true));
            foreach (var column in columns) column.Clear();
            states.Save(order.Span.Slice(from, count), columns, spilled: true);
            run.Write(columns);
        }
    }

    void AddValues(int aggregate, ValueAccumulator values, GroupStates states, ReadOnlyMemory<int> order)
    {
        values.ArrangeAscending();
        if (!_values.TryGetValue(aggregate, out var runs)) _values.Add(aggregate, runs = NewValues(values, states));
        var schema = ValueSchema(values);
        runs.Add(run =>
        {
            var columns = states.Memory.NewColumns(schema);
            var groups = new int[PieceRows];
            var rows = 0;
            try
            {
                foreach (var group in order.Span)
                {
                    var count = values.Count(group);
                    for (long from = 0; from < count;)
                    {
                        var taken = (int)Math.Min(count - from, values.ValueType.Lane == Lane.Bytes ? 1 : groups.Length - rows);
                        values.AppendValues(group, from, taken, columns[^1]);
                        groups.AsSpan(rows, taken).Fill(group);
                        from += taken;
                        rows += taken;
                        if (rows == groups.Length || columns[^1].BytesOf(0, rows) + rows * states.KeyBytes(group) >= space.FrameBytes) Flush();
                    }
                }
                Flush();
            }
            finally
            {
                Release(columns);
            }

            void Flush()
            {
                states.WriteKeys(groups.AsSpan(0, rows), columns);
                run.Write(columns);
                foreach (var column in columns) column.Clear();
                rows = 0;
            }
        });
    }

    // The values of all aggregates are merged at once, so they share what frames may take.
    SortedRuns NewValues(ValueAccumulator values, GroupStates states)
    {
        _shared ??= space.SharedBy(1 + states.Accumulators.OfType<ValueAccumulator>().Count());
        return new SortedRuns(ValueSchema(values), [.. Enumerable.Range(0, keyTypes.Count + 1).Select(column => new SortKey(column, Descending: false))], _shared);
    }

    /// <summary>All groups, some in memory at a time, by the keys ascending: every group of one step comes before every group of the next, which takes the place of the step before.</summary>
    public IEnumerable<GroupStates> Rounds() => Rounds(_runs, passing: true);

    /// <param name="passing">Whether values pass too, so that results and states can be taken of each group, once and in order; else only what runs hold.</param>
    IEnumerable<GroupStates> Rounds(List<RunFile> runs, bool passing)
    {
        var memory = new StateMemory(space.Account);
        var open = new List<IEnumerator<IReadOnlyList<Column>>>();
        GroupStates? states = null;
        try
        {
            var (templates, _) = create(memory);
            var sources = templates.Select((template, i) => passing && template is ValueAccumulator ? Open(i) : null).ToArray();
            var runSchema = RunSchema(templates);
            var merge = new RunMerge([.. runs.Select(run => run.Read([.. runSchema.Fields.Select(field => memory.NewColumn(field.Type))]))], RowOrder.Ascending(keyTypes.Count), isUnique: true);
            Column[] taken = [.. runSchema.Fields.Select(field => memory.NewColumn(field.Type))];
            states = Merging(templates, sources);
            for (; merge.NextRound(); states.Clear())
            {
                foreach (var slice in merge.Slices) Merge(states, slice, taken);
                yield return states;
            }
        }
        finally
        {
            states?.Release();
            foreach (var source in open) source.Dispose();
            memory.Release();
        }

        SortedValues? Open(int aggregate)
        {
            // Without runs there is no value, and none is asked for.
            if (!_values.TryGetValue(aggregate, out var values)) return null;
            open.Add(values.Merge().GetEnumerator());
            return new SortedValues(open[^1]);
        }
    }

    GroupStates Merging(Accumulator[] templates, SortedValues?[] sources)
    {
        var memory = new StateMemory(space.Account);
        var (accumulators, rows) = create(memory);
        for (var i = 0; i < accumulators.Length; i++)
        {
            if (templates[i] is ValueAccumulator values) accumulators[i] = new PassingAccumulator(values, sources[i], memory);
        }
        return new GroupStates(keyTypes, accumulators, [], rows, memory);
    }

    static void Merge(GroupStates states, RunSlice slice, Column[] taken)
    {
        var (columns, rows) = (slice.Columns, slice.To - slice.From);
        if (rows < columns[0].Length)
        {
            for (var i = 0; i < taken.Length; i++)
            {
                taken[i].Clear();
                taken[i].AppendRange(columns[i], slice.From, rows);
            }
            columns = taken;
        }
        states.Merge(columns, new RowBatch(rows, columns));
    }

    Schema RunSchema(GroupStates states) => RunSchema(states.Accumulators);

    Schema RunSchema(IReadOnlyList<Accumulator> accumulators) =>
        new(keyTypes.Concat(accumulators.SelectMany(accumulator => accumulator.SpilledTypes)).Select((type, i) => new Field($"{i}", type)));

    Schema ValueSchema(ValueAccumulator values) => new(keyTypes.Append(values.ValueType).Select((type, i) => new Field($"{i}", type)));

    static void Release(Column[] columns)
    {
        foreach (var column in columns) column.Release();
    }

    /// <summary>Gives up all runs.</summary>
    public void Release()
    {
        foreach (var run in _runs) run.Dispose();
        _runs.Clear();
        foreach (var runs in _values.Values) runs.Release();
        _values.Clear();
    }
}
