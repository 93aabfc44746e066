using CsCheck;
using DuckDB.NET.Data;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class DuckDbDifferentialTests
{
    sealed record Case(RandomTable Table, Condition[] Conditions);

    static readonly Gen<Case> Cases = new DiceGen<Case>(
        dice =>
        {
            var table = DuckDbTable.Make(dice);
            return new Case(table, [.. Enumerable.Range(0, 40).Select(_ => new RandomCondition(dice, table, gentle: true).Make(2))]);
        },
        made => made.Conditions.Sum(condition => condition.Text.Length));

    [Fact]
    public void Select_AnyCondition_EqualsDuckDb() => Cases.Sample(made =>
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        var rows = made.Table.Rows.Select((row, id) => $"({id}, {string.Join(", ", row.Select(DuckDbTable.Literal))})");
        command.CommandText = $"set timezone = 'UTC'; create table t ({DuckDbTable.Definition}); insert into t values {string.Join(", ", rows)}";
        command.ExecuteNonQuery();
        var positions = new int[made.Table.Rows.Length];
        foreach (var condition in made.Conditions)
        {
            command.CommandText = $"select id from t where {condition.Text} order by id";
            var expected = new List<int>();
            using (var reader = command.ExecuteReader())
            {
                while (reader.Read()) expected.Add(reader.GetInt32(0));
            }
            var predicate = Expression.Parse(condition.Text).BindPredicate(made.Table.Schema).Value!;
            var count = predicate.Select(made.Table.Batch, positions);
            Assert.True(expected.SequenceEqual(positions.AsSpan(0, count).ToArray()),
                $"{condition.Text}: DuckDB {string.Join(' ', expected)}; here {string.Join(' ', positions.Take(count))}");
        }
    }, iter: Soak.Cases(20), threads: 1);
}
