using System.Text.Json.Nodes;

namespace Fanfold.Benchmarks.SinglePass;

enum Question
{
    /// <summary>The least that a contender can be asked: what its process costs.</summary>
    Nothing,

    /// <summary>The rows of one ff, by cat: how many, the sum of d1, the mean of d2.</summary>
    FilterAndGroup,

    /// <summary>Two string columns of the rows of one ff, into a Parquet file.</summary>
    FilterAndProject,

    /// <summary>The sums of three columns over all rows.</summary>
    Scan,

    /// <summary>All rows by a key of 200 values, into a Parquet file: how many, the sum of d1, the mean of d2.</summary>
    GroupFew,

    /// <summary>The same by two keys of 100,000 pairs.</summary>
    GroupPairs,

    /// <summary>The same by a string key of 1,000,000 values.</summary>
    GroupMany,
}

/// <summary>A question to one data set.</summary>
/// <param name="Scratch">An empty folder for what a process writes.</param>
sealed record Pass(Question Question, DataSet Data, string Scratch)
{
    public const int PartitionValue = 17;

    /// <summary>The Parquet file that a contender writes instead of an answer.</summary>
    public string OutputFile => Path.Combine(Scratch, "rows.parquet");

    /// <summary>Whether every contender writes <see cref="OutputFile"/> or its like, so that the answer is read from there.</summary>
    public bool WritesFile => Question is Question.FilterAndProject or >= Question.GroupFew;

    /// <summary>Whether all rows are read, whatever their ff.</summary>
    public bool TakesAllRows => Question >= Question.Scan;

    string[] Keys => Question switch { Question.GroupPairs => ["k1", "k2"], Question.GroupMany => ["smany"], _ => ["cat"] };

    string KeyList => string.Join(", ", Keys);

    public string Sql => Question switch
    {
        >= Question.GroupFew => $"copy (select {KeyList}, count(*) n, sum(d1) total, avg(d2) average from '{Data.Glob}' group by {KeyList}) to '{OutputFile}' (format parquet, compression zstd)",
        Question.Nothing => "select 1",
        Question.FilterAndGroup => $"select cat, count(*), sum(d1), avg(d2) from '{Data.Glob}' where ff = {PartitionValue} group by cat",
        Question.FilterAndProject => $"copy (select ff, skey, shigh from '{Data.Glob}' where ff = {PartitionValue}) to '{OutputFile}' (format parquet, compression zstd)",
        _ => $"select sum(d1), sum(d2), sum(nd) from '{Data.Glob}'",
    };

    /// <summary>The spec of a run whose only task answers the question. A scan of all rows is no run; <see cref="FanfoldWorker"/> makes it one.</summary>
    public JsonObject Spec => new()
    {
        ["version"] = 1,
        ["source"] = new JsonObject { ["path"] = Data.Name },
        ["partitionBy"] = new JsonObject { ["column"] = "ff", ["values"] = new JsonArray(PartitionValue) },
        ["reduce"] = Question switch
        {
            Question.FilterAndProject => new JsonObject { ["select"] = new JsonArray("skey", "shigh") },
            Question.Scan => new JsonObject { ["aggregates"] = new JsonObject { ["s1"] = "sum(d1)", ["s2"] = "sum(d2)", ["s3"] = "sum(nd)" } },
            _ => new JsonObject
            {
                ["groupBy"] = new JsonArray([.. Keys.Select(key => JsonValue.Create(key))]),
                ["aggregates"] = new JsonObject { ["n"] = "len()", ["total"] = "sum(d1)", ["average"] = "mean(d2)" },
            },
        },
        ["output"] = new JsonObject { ["path"] = "results/out.parquet" },
    };

    /// <summary>The answer in a Parquet file, as rows: of many rows only their number and a hash that does not depend on their order.</summary>
    public IReadOnlyList<JsonArray> ReadAnswer(string file) => Duck.Rows(Question switch
    {
        Question.Nothing => "select 1",
        Question.FilterAndGroup => $"select cat, n, total, average from '{file}'",
        >= Question.GroupFew => $"select count(*), count(distinct ({KeyList})), sum(n), sum(n * (hash({KeyList}) % 1000)), sum(total * (hash({KeyList}) % 1000)), sum(average * (hash({KeyList}) % 1000)) from '{file}'",
        Question.FilterAndProject => $"select count(*), sum(ff), md5(string_agg(skey || ' ' || shigh, chr(10) order by shigh, skey)) from '{file}'",
        _ => $"select s1, s2, s3 from '{file}'",
    });
}
