using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Tests.Spill;

/// <summary>Rows in the order that comparing them one by one gives.</summary>
public class RowOrderTests
{
    [Fact]
    public void Fill_AnyColumns_IsTheOrderOfTheirValues() =>
        Gen.Select(Tables.AnyType.Array[1, 3], Gen.Int[0, 400]).SelectMany((types, rows) => Gen.Select(Tables.WithTypes(types, rows), Gen.Select(Gen.Int[0, types.Length - 1], Gen.Bool).Array[1, 3])).Sample((table, terms) =>
        {
            var order = new int[table.Rows];

            new RowOrder([.. terms.Select(term => new SortKey(term.Item1, term.Item2))]).Fill(table.Columns, order, new ulong[table.Rows]);

            Assert.Equal(Enumerable.Range(0, table.Rows).Order(Comparer<int>.Create((left, right) => Expected(table, terms, left, right))), order);
        }, iter: Soak.Cases(400));

    /// <summary>Values whose beginnings are alike, or alike but for what a prefix can't tell.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fill_ValuesThatPrefixesHardlyTell_IsTheirOrder(bool descending)
    {
        string[] texts = ["", "\0", "\0\0", "a", "a\0", "aaaaaaa", "aaaaaaaa", "aaaaaaaa\0", "aaaaaaaab", "aaaaaaab", "é", "\uFFFD", "zzzzzzzzz", "zzzzzzzz"];
        AssertOrder(DataType.String, [.. texts.Concat(texts).Select(Scalar.String)], descending);
        double[] numbers = [double.NaN, 0.0, -0.0, double.Epsilon, -double.Epsilon, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue, 1, -1, BitConverter.Int64BitsToDouble(-1)];
        AssertOrder(DataType.Double, [.. numbers.Concat(numbers).Select(Scalar.Double)], descending);
        var wide = new DataType(TypeKind.Decimal, 38, 0);
        Int128[] integers = [0, 1, -1, Int128.One << 64, (Int128.One << 64) + 1, -(Int128.One << 64), (Int128.One << 100) + 7, (Int128.One << 100) + 3];
        AssertOrder(wide, [.. integers.Concat(integers).Concat(integers).Select(value => Scalar.Integer(wide, value))], descending);
    }

    static void AssertOrder(DataType type, IReadOnlyList<Scalar> values, bool descending)
    {
        var column = Tables.Of(type, values.Append(Scalar.Null(type)).Concat(values));
        var table = new Table(new Schema([new Field("x", type)]), [column]);
        (int, bool)[] terms = [(0, descending)];
        var order = new int[column.Length];
        new RowOrder([new SortKey(0, descending)]).Fill([column], order, new ulong[order.Length]);
        Assert.Equal(Enumerable.Range(0, order.Length).Order(Comparer<int>.Create((left, right) => Expected(table, terms, left, right))), order);
    }

    static int Expected(Table table, (int Column, bool Descending)[] terms, int left, int right)
    {
        foreach (var (column, descending) in terms)
        {
            var (a, b) = (table.Columns[column][left], table.Columns[column][right]);
            if (a.IsNull || b.IsNull)
            {
                if (a.IsNull != b.IsNull) return a.IsNull ? 1 : -1;
                continue;
            }
            if (Scalar.Compare(a, b) is var compared and not 0) return descending ? -compared : compared;
        }
        return left.CompareTo(right);
    }
}
