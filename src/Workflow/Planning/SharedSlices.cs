namespace Fanfold.Workflow.Planning;

/// <summary>Cuts the row groups of a shared scan into slices of about the same work, in plan order.</summary>
static class SharedSlices
{
    /// <summary>More would be long to do again, and waits for the slowest at the end.</summary>
    const long Most = 1L << 30;

    /// <summary>What a row costs beside its bytes, in bytes.</summary>
    const long BytesPerRow = 4;

    /// <param name="isScanned">Whether a row group, by file and position, may hold rows that count.</param>
    /// <param name="lanes">How many tasks run at once.</param>
    /// <param name="least">Bytes of a slice that is worth a process.</param>
    /// <param name="kept">Slices that are there already: as far as all of their row groups still are, they stay as they are.</param>
    public static List<IReadOnlyList<RowGroupRun>> Cut(IReadOnlyList<PlannedFile> files, Func<int, int, bool> isScanned, int lanes, long least, IReadOnlyList<IReadOnlyList<RowGroupRun>> kept)
    {
        var open = new SortedSet<(int File, int Position)>();
        for (var file = 0; file < files.Count; file++)
        {
            for (var position = 0; position < files[file].RowGroups.Count; position++)
            {
                if (isScanned(file, position)) open.Add((file, position));
            }
        }
        var slices = new List<IReadOnlyList<RowGroupRun>>();
        foreach (var slice in kept)
        {
            var groups = slice.SelectMany(run => Enumerable.Range(run.From, run.To - run.From).Select(position => (run.File, position))).ToList();
            if (!groups.TrueForAll(open.Contains)) continue;
            open.ExceptWith(groups);
            slices.Add(slice);
        }
        var total = open.Sum(group => Weight(files, group));
        var count = Math.Clamp(Math.Max(total / Most, Math.Min(lanes, total / least)), 1, Math.Max(1, open.Count));
        var (done, made) = (0L, 0L);
        var runs = new List<RowGroupRun>();
        foreach (var group in open)
        {
            var weight = Weight(files, group);
            // A row group belongs to the slice that has the larger half of it.
            if (runs.Count > 0 && done + weight / 2 >= (long)((decimal)total * (made + 1) / count))
            {
                slices.Add(runs);
                runs = [];
                made++;
            }
            done += weight;
            if (runs.Count > 0 && runs[^1].File == group.File && runs[^1].To == group.Position) runs[^1] = runs[^1] with { To = group.Position + 1 };
            else runs.Add(new RowGroupRun(group.File, group.Position, group.Position + 1));
        }
        if (runs.Count > 0) slices.Add(runs);
        slices.Sort(static (left, right) => (left[0].File, left[0].From).CompareTo((right[0].File, right[0].From)));
        return slices;
    }

    static long Weight(IReadOnlyList<PlannedFile> files, (int File, int Position) at) =>
        files[at.File].RowGroups[at.Position] is var group ? CostModel.Uncompressed(group) + BytesPerRow * group.Rows : 0;
}
