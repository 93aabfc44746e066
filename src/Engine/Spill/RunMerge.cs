using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Spill;

/// <summary>
/// Merges sorted runs by rounds. A round takes from each run's frame the rows up to a bound, the least of the frames' last rows, so all rows of one round come
/// before all of the next, and every round uses up a frame at least.
/// </summary>
/// <param name="runs">In the order in which equal rows count.</param>
/// <param name="isUnique">Whether rows of different runs that are equal must come in one round, which takes that no run has two of them.</param>
sealed class RunMerge(IReadOnlyList<RunFile.Reader> runs, RowOrder order, bool isUnique)
{
    readonly List<Cursor> _open = [.. runs.Select(run => new Cursor(run)).Where(cursor => cursor.NextFrame())];
    readonly List<RunSlice> _slices = [];

    /// <summary>The rows of the round by run, each sorted; valid until the next round.</summary>
    public IReadOnlyList<RunSlice> Slices => _slices;

    /// <summary>False when all rows are through.</summary>
    public bool NextRound()
    {
        _slices.Clear();
        _open.RemoveAll(cursor => cursor.Row == cursor.Rows && !cursor.NextFrame());
        if (_open.Count == 0) return false;
        var bound = 0;
        for (var i = 1; i < _open.Count; i++)
        {
            if (order.Compare(_open[i].Columns, _open[i].Rows - 1, _open[bound].Columns, _open[bound].Rows - 1) < 0) bound = i;
        }
        for (var i = 0; i < _open.Count; i++)
        {
            var end = End(_open[i], _open[bound], takesEqual: isUnique || i <= bound);
            if (end == _open[i].Row) continue;
            _slices.Add(new RunSlice(_open[i].Columns, _open[i].Row, end));
            _open[i].Row = end;
        }
        return true;
    }

    /// <summary>The first row of <paramref name="cursor"/> behind the last one of <paramref name="bound"/>.</summary>
    int End(Cursor cursor, Cursor bound, bool takesEqual)
    {
        if (cursor == bound) return cursor.Rows;
        int low = cursor.Row, high = cursor.Rows;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var compared = order.Compare(cursor.Columns, middle, bound.Columns, bound.Rows - 1);
            if (compared < 0 || compared == 0 && takesEqual) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    sealed class Cursor(RunFile.Reader run)
    {
        public IReadOnlyList<Column> Columns => run.Columns;

        public int Rows => Columns[0].Length;

        public int Row { get; set; }

        public bool NextFrame()
        {
            Row = 0;
            return run.Next();
        }
    }
}

/// <summary>Rows <paramref name="From"/> to <paramref name="To"/> − 1 of the columns.</summary>
readonly record struct RunSlice(IReadOnlyList<Column> Columns, int From, int To);
