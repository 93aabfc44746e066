using System.Globalization;
using CsCheck;
using DuckDB.NET.Data;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Expressions;

namespace Fanfold.Engine.Tests.Expressions;

public class ValueDifferentialTests
{
    sealed record Case(RandomTable Table, TwoTexts[] Texts);

    static readonly Gen<Case> Cases = new DiceGen<Case>(
        dice => new Case(DuckDbTable.Make(dice), [.. Enumerable.Range(0, 60).Select(_ => new RandomValue(dice).Any(1 + dice.Below(3)))]),
        made => made.Texts.Sum(text => text.Ours.Length));

    [Fact]
    public void Evaluate_AnyExpression_EqualsDuckDb()
    {
        var (values, errors) = (0, 0);
        Cases.Sample(made =>
        {
            using var connection = new DuckDBConnection("DataSource=:memory:");
            connection.Open();
            using var command = connection.CreateCommand();
            var rows = made.Table.Rows.Select((row, id) => $"({id}, {string.Join(", ", row.Select(DuckDbTable.Literal))})");
            command.CommandText = $"set timezone = 'UTC'; pragma disable_optimizer; create table t ({DuckDbTable.Definition}); insert into t values {string.Join(", ", rows)}";
            command.ExecuteNonQuery();
            foreach (var text in made.Texts)
            {
                var (ours, fault) = Ours(text.Ours, made.Table);
                var (theirs, error) = Theirs(command, text.DuckDb, made.Table.Rows.Length);
                if (error is not null || fault is not null)
                {
                    // Conditions that are decided already aren't looked at here, so an error of DuckDB's need not be one.
                    Assert.True(error is not null, $"{text.Ours}\nDuckDB: {text.DuckDb}: values; here: {fault}");
                    errors++;
                    continue;
                }
                for (var row = 0; row < theirs!.Count; row++)
                {
                    values++;
                    Assert.True(Same(ours![row], theirs[row]), $"{text.Ours}\n{text.DuckDb}\nrow {row}: {TableFile(made.Table.Rows[row])}\nDuckDB {theirs[row] ?? "null"}, here {ours[row]} ({ours[row].Type})");
                }
            }
        }, iter: Soak.Cases(20), threads: 1);
        Assert.True(values > errors * 100, $"{values} values, {errors} errors");
    }

    static readonly Gen<(RandomTable Table, string Text)> Conditions = new DiceGen<(RandomTable Table, string Text)>(
        dice => (DuckDbTable.Make(dice), new RandomValue(dice).Truth(1 + dice.Below(3)).Ours), made => made.Text.Length);

    [Fact]
    public void CanMatch_AnyExpressionWithinBounds_NeverRulesOutAMatch()
    {
        var ruledOut = 0;
        Conditions.Sample(made =>
        {
            var (table, text) = made;
            var predicate = Expression.Parse(text).BindPredicate(table.Schema).Value;
            if (predicate is null) return;
            // A few rows at a time, so that bounds are narrow.
            for (var from = 0; from < table.Rows.Length; from += 3)
            {
                var rows = Enumerable.Range(from, Math.Min(3, table.Rows.Length - from)).ToArray();
                var bounds = table.Schema.Fields.Select((_, ordinal) => BoundsOf(rows.Select(row => table.Rows[row][ordinal]))).ToArray();
                if (predicate.CanMatch(bounds)) continue;
                ruledOut++;
                var columns = table.Batch.Columns.Select(column => Taken(column, rows)).ToList();
                try
                {
                    Assert.Equal(0, predicate.Select(new RowBatch(rows.Length, columns), new int[rows.Length]));
                }
                catch (EvaluationException)
                {
                    // An error of rows that the bounds exclude may be spared.
                }
            }
        }, iter: Soak.Cases(1_000), threads: 1, print: made => made.Text);
        Assert.True(ruledOut > 2_000, $"bounds ruled out {ruledOut} times");

        static Column Taken(Column column, int[] rows)
        {
            var taken = Column.Create(column.Type);
            taken.AppendFrom(column, rows);
            return taken;
        }

        static ColumnBounds BoundsOf(IEnumerable<Scalar> values)
        {
            var known = values.Where(value => !value.IsNull && !value.IsNaN).Order(Comparer<Scalar>.Create((left, right) => Scalar.Compare(left, right))).ToList();
            return known.Count == 0 ? ColumnBounds.Unknown : new(known[0], known[^1]);
        }
    }

    static string TableFile(Scalar[] row) => string.Join(" | ", row.Select(value => value.ToString()));

    static (List<Scalar>? Values, string? Error) Ours(string text, RandomTable table)
    {
        var bound = Expression.Parse(text).BindValue(table.Schema);
        if (!bound.IsValid) return (null, string.Join("; ", bound.Faults));
        var scratch = new Scratch();
        try
        {
            var column = bound.Value!.Evaluate(new RowFrame(table.Batch.Columns, table.Batch.Rows, scratch));
            Assert.Equal(table.Batch.Rows, column.Length);
            return ([.. Enumerable.Range(0, column.Length).Select(row => column[row])], null);
        }
        catch (EvaluationException exception)
        {
            return (null, exception.Message);
        }
    }

    static (List<object?>? Values, string? Error) Theirs(DuckDBCommand command, string text, int rows)
    {
        command.CommandText = $"select typeof({text}) from t limit 1";
        try
        {
            var type = (string)(command.ExecuteScalar() ?? "");
            var shown = type switch { "TIMESTAMP" => $"epoch_us({text})", "DATE" => $"({text}) - date '1970-01-01'", _ => text };
            command.CommandText = $"select ({shown}) from t order by id";
            var values = new List<object?>();
            using var reader = command.ExecuteReader();
            while (reader.Read()) values.Add(reader.IsDBNull(0) ? null : reader.GetValue(0));
            return (values, rows == values.Count ? null : throw new InvalidOperationException($"{values.Count} rows of {rows}"));
        }
        catch (DuckDBException exception)
        {
            return (null, exception.Message);
        }
    }

    static bool Same(Scalar ours, object? theirs)
    {
        if (theirs is null || ours.IsNull) return theirs is null && ours.IsNull;
        return theirs switch
        {
            bool truth => ours.Type.Kind == TypeKind.Bool && ours.IntegerValue != 0 == truth,
            string text => ours.Type.Kind == TypeKind.String && ours.ToString() == text,
            double floating => ours.Type.IsFloating && Near(ours.FloatingValue, floating),
            float floating => ours.Type.IsFloating && Near(ours.FloatingValue, floating),
            decimal number => ours.Type.IsNumeric && decimal.Parse(ours.ToString(), CultureInfo.InvariantCulture) == number,
            IFormattable number => ours.IntegerValue.ToString(CultureInfo.InvariantCulture) == number.ToString(null, CultureInfo.InvariantCulture),
            _ => false,
        };
    }

    static bool Near(double left, double right) => left.Equals(right) || left == right || Math.Abs(left - right) <= 1e-12 * Math.Max(Math.Abs(left), Math.Abs(right));
}
