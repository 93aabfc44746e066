using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Tests.Reduce;

public class KeyTableTests
{
    const int Keys = 50_000;

    /// <summary>Multiples of it go to neighbouring slots, or to one, where a table multiplies by the golden ratio and takes the upper bits.</summary>
    const ulong InverseOfGoldenRatio = 0xf1de_83e1_9937_733d;

    [Theory]
    [InlineData(1)]
    [InlineData(1UL << 48)]
    [InlineData(InverseOfGoldenRatio)]
    public void DistinctWords_KeysMadeToCollide_AreFoundInFewSteps(ulong step)
    {
        var narrow = new DistinctWords<ulong>(new StateMemory());
        var (first, second) = (new int[Keys], new int[Keys]);
        ulong[] keys = [.. Enumerable.Range(0, Keys).Select(i => (ulong)i * step)];
        narrow.Assign(keys, first);
        narrow.Assign(keys, second);
        Assert.Equal(Enumerable.Range(0, Keys), first);
        Assert.Equal(first, second);
        var wide = new DistinctWords<UInt128>(new StateMemory());
        wide.Assign([.. Enumerable.Range(0, Keys).Select(i => new UInt128((ulong)i * step, 0))], new int[Keys]);
        // Half full at most, a search passes half a slot beyond its first on average; a bad hash passes thousands.
        Assert.InRange(narrow.Displacement(), 0, 2 * Keys);
        Assert.InRange(wide.Displacement(), 0, 2 * Keys);
    }

    [Fact]
    public void DistinctBytes_KeysThatDifferLittle_AreFoundInFewSteps()
    {
        var column = new BytesColumn(DataType.Binary);
        for (var i = 0; i < Keys; i++)
        {
            var key = column.AppendSpan(24);
            key.Clear();
            BitConverter.TryWriteBytes(key[12..], i);
        }
        var table = new DistinctBytes(new StateMemory());
        var (first, second) = (new int[Keys], new int[Keys]);
        table.Assign(column, first);
        table.Assign(column, second);
        Assert.Equal(Enumerable.Range(0, Keys), first);
        Assert.Equal(first, second);
        Assert.Equal(Keys, table.Count);
        Assert.InRange(table.Displacement(), 0, 2 * Keys);
    }

    [Fact]
    public void GroupTable_AnyColumns_NumbersByFirstAppearanceAndOrdersAsScalarsDo() => Gen.Select(Tables.Any(200, 4), Gen.Int[1, 70], Gen.Bool.Array[4]).Sample((table, batch, coded) =>
    {
        var groups = new GroupTable(table.Schema.Fields.Select(field => field.Type), new StateMemory());
        var numbers = new int[table.Rows];
        for (var from = 0; from < table.Rows; from += batch)
        {
            var rows = table.Batch(from, Math.Min(batch, table.Rows - from));
            groups.Assign([.. rows.Columns.Select((column, i) => coded[i % 4] ? Tables.Code(column) : column)], numbers.AsSpan(from, rows.Rows));
        }
        var seen = new List<int>();
        for (var row = 0; row < table.Rows; row++)
        {
            var known = seen.FindIndex(other => Compare(table, other, row) == 0);
            if (known < 0) seen.Add(row);
            // Nulls and dictionaries are numbered before the other values of a batch, so only equality is the same in any case.
            Assert.Equal(known < 0, !numbers.AsSpan(0, row).Contains(numbers[row]));
            if (known >= 0) Assert.Equal(numbers[seen[known]], numbers[row]);
        }
        Assert.Equal(seen.Count, groups.Count);
        var order = groups.Order().ToArray();
        Assert.Equal(seen.Order(Comparer<int>.Create((left, right) => Compare(table, left, right))).Select(row => numbers[row]), order);
        var keys = table.Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
        groups.WriteKeys(order, keys);
        for (var i = 0; i < order.Length; i++)
        {
            var row = Array.IndexOf(numbers, order[i]);
            for (var key = 0; key < keys.Length; key++) Assert.Equal(0, Scalar.Compare(table.Columns[key][row], keys[key][i]));
        }
    }, iter: Soak.Cases(300));

    static int Compare(Table table, int left, int right) => table.Columns.Select(column => Scalar.Compare(column[left], column[right])).FirstOrDefault(compared => compared != 0);

    [Fact]
    public void PairTable_MorePairsThanItsArrayHolds_GoesOnByHash()
    {
        var pairs = new PairTable(new StateMemory());
        var random = new Random(1);
        var known = new Dictionary<(int, int), int>();
        for (var batch = 1; batch < 60; batch++)
        {
            // Both sides grow, so the array is laid out anew and given up in the end.
            var (lefts, rights) = (batch * 20, batch * 31);
            int[] left = [.. Enumerable.Range(0, 500).Select(_ => random.Next(lefts))], right = [.. Enumerable.Range(0, 500).Select(_ => random.Next(rights))];
            var numbers = new int[500];
            pairs.Assign(left, lefts, right, rights, numbers);
            for (var i = 0; i < numbers.Length; i++)
            {
                known.TryAdd((left[i], right[i]), known.Count);
                Assert.Equal(known[(left[i], right[i])], numbers[i]);
            }
        }
        Assert.Equal(known.Count, pairs.Count);
    }
}
