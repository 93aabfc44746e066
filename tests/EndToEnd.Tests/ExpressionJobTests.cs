using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Derived columns, conditions over them and every aggregate, evaluated by isolated workers, against DuckDB.</summary>
public sealed class ExpressionJobTests : IDisposable
{
    const string Result = "results/out.parquet";

    readonly Fanfold _fanfold = new();

    public ExpressionJobTests()
    {
        Directory.CreateDirectory(_fanfold.PathOf("lake"));
        for (var file = 0; file < 3; file++)
        {
            Duck.Execute($"""
                copy (
                    select
                        i % 5 as ff,
                        i as id,
                        case when i % 11 = 0 then null else 'C' || (i * 7 % 4) || case when i % 3 = 0 then ' x' else '' end end as category,
                        timestamp '2024-01-15 08:00:00' + interval (i * 13) minute as pickup,
                        case when i % 7 = 0 then null else (i * 37 % 1000)::double / 8 end as amount,
                        (i * 31 % 10000)::decimal(12,2) / 4 as price
                    from range({file * 4000}, {(file + 1) * 4000}) t(i)
                ) to '{_fanfold.PathOf($"lake/{file}.parquet")}' (format parquet, row_group_size 2048)
                """);
        }
    }

    public void Dispose() => _fanfold.Dispose();

    string Lake => $"read_parquet('{_fanfold.PathOf("lake")}/*.parquet')";

    [Fact]
    public async Task Run_DerivedColumns_AreFilteredGroupedAndReducedAsByDuckDB()
    {
        var spec = Fanfold.Spec("lake", "ff", """
            {
              "groupBy": ["month", "label"],
              "aggregates": {
                "n": "len()", "with": "count(amount)", "total": "sum(half * 2)", "average": "mean(amount)", "least": "min(id)", "most": "max(price)", "spread": "std(half)", "variance": "var(id)",
                "middle": "median(amount)", "p90": "quantile(amount, 0.9)", "kinds": "n_unique(category)", "from": "first(id)", "to": "last(id)", "big": "any(amount > 120)", "all": "all(coalesce(amount, 0) < 124.5)"
              }
            }
            """, Result, """
            {
              "where": "(upper(category) like 'C_%' or category is null) and month <> date '2024-03-01' and not (id between 100 and 120)",
              "derive": {
                "month": "cast(date_trunc('month', pickup) as date)",
                "label": "case when category is null then 'none' else lower(trim(category)) || '-' || cast(id % 2 as string) end",
                "half": "amount / 2"
              }
            }
            """);

        var run = (await _fanfold.RunAsync(spec)).Exits(0);

        Assert.Equal(
            Duck.Rows($"""
                select ff, month, label, count(*), count(amount), coalesce(sum(amount), 0), avg(amount), min(id), max(price), stddev_samp(amount / 2), var_samp(id),
                    median(amount), quantile_cont(amount, 0.9), count(distinct category), min(id), max(id), bool_or(amount > 120), bool_and(coalesce(amount, 0) < 124.5)
                from (
                    select *, date_trunc('month', pickup)::date as month, case when category is null then 'none' else lower(trim(category)) || '-' || (id % 2) end as label from {Lake}
                )
                where (upper(category) like 'C_%' or category is null) and month <> date '2024-03-01' and not (id between 100 and 120)
                group by ff, month, label order by ff, month, label
                """),
            Duck.ReadResult(_fanfold.PathOf(Result)));
        Assert.Equal(1 + 5 + 1, _fanfold.Workers.Count);
        Assert.Equal(0, (int)run.Json["tasks"]!["failed"]!);
    }

    [Fact]
    public async Task Run_DerivedColumns_AreSelectedSortedAndCutPerPartition()
    {
        var spec = Fanfold.Spec("lake", "ff", """{ "select": ["id", "day", "cost"], "sort": ["-cost", "id"], "limit": 7 }""", Result,
            """{ "derive": { "day": "cast(pickup as date)", "cost": "price * 3 + id % 10" }, "where": "cost > 100 and amount is not null" }""");

        (await _fanfold.RunAsync(spec)).Exits(0);

        Assert.Equal(
            Duck.Rows($"""
                select ff, id, pickup::date, price * 3 + id % 10 as cost from {Lake} where cost > 100 and amount is not null
                qualify row_number() over (partition by ff order by cost desc, id) <= 7 order by ff, cost desc, id
                """),
            Duck.ReadResult(_fanfold.PathOf(Result)));
    }

    [Fact]
    public async Task Run_ValueOutOfRange_FailsItsPartitionByName()
    {
        var spec = Fanfold.Spec("lake", "ff", """{ "aggregates": { "n": "sum(small)" } }""", Result, """{ "derive": { "small": "cast(id * 3 as int16)" } }""");

        var run = (await _fanfold.RunAsync(spec)).Exits(1);

        Assert.All(run.Errors, error => Assert.Equal("value-out-of-range", (string?)error["code"]));
        Assert.StartsWith("partition 0: 'cast(id * 3 as int16)' has no int16 ", (string)run.Errors[0]["message"]!, StringComparison.Ordinal);
        Assert.False(File.Exists(_fanfold.PathOf(Result)));
    }
}
