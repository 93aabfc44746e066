using System.Collections.Concurrent;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Spec;
using Fanfold.Workflow.Tests.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>A small data set and a run over it.</summary>
/// <param name="RowGroups">Of each partition in the first file; a second file has rows of all partitions in one.</param>
/// <param name="Format">parquet, csv or hive.</param>
/// <param name="Discovers">Whether the run must find the partitions.</param>
/// <param name="Bad">A partition whose task fails in every try, for its data.</param>
/// <param name="Hungry">A partition whose task must be split.</param>
/// <param name="Shared">Whether the run is a shared scan, of which the first slice is what is bad or hungry.</param>
sealed record Scenario(int Partitions, int RowGroups, string Format, bool Discovers, int Parallel, int Retries, int Tolerated, int? Bad = null, int? Hungry = null, bool Shared = false)
{
    public const string Source = "lake/a.parquet";

    const int Rows = 3;

    static readonly string[] Formats = ["parquet", "hive", "csv", "parquet"];
    static readonly ConcurrentDictionary<(int, int, int), byte[]> Files = [];

    /// <summary>Those that schedules draw from.</summary>
    public static IReadOnlyList<Scenario> All { get; } = [.. Enumerable.Range(0, 40).Select(Draw)];

    public string Output => Format == "hive" ? "results/out" : $"results/out.{Format}";

    static Scenario Draw(int number)
    {
        var dice = new Random(number);
        var partitions = 2 + dice.Next(3);
        var scenario = new Scenario(partitions, 1 + dice.Next(2), Formats[number % Formats.Length], dice.Next(2) == 0, 1 + dice.Next(4), dice.Next(4), dice.Next(3),
            dice.Next(4) == 0 ? dice.Next(partitions) : null, dice.Next(4) == 0 ? dice.Next(partitions) : null);
        // No partition of a shared scan fails alone.
        return dice.Next(3) > 0 ? scenario : scenario with { Shared = true, Tolerated = 0 };
    }

    /// <param name="rival">For the run that wants the same output with another result.</param>
    public RunSpec Spec(bool rival = false) => SpecParser.Parse(System.Text.Encoding.UTF8.GetBytes($$"""
        {
          "version": 1, "source": { "path": "lake" }, "partitionBy": { "column": "ff"{{(Discovers ? "" : $", \"values\": [{string.Join(',', Enumerable.Range(0, Partitions))}]")}} },
          "reduce": { "aggregates": { "total": "{{(rival ? "max" : "sum")}}(amount)" } }, "output": { "path": "{{Output}}"{{(Format == "hive" ? ", \"layout\": \"hive\"" : "")}} },
          "limits": { "parallel": {{Parallel}}, "retries": {{Retries}}, "toleratedFailures": {{Tolerated}} }, "strategy": "{{(Shared ? "sharedScan" : "perPartition")}}"
        }
        """)).Spec!;

    /// <summary>How a worker ends that the scenario does not let run.</summary>
    /// <param name="failing">Partitions whose tasks fail.</param>
    public TaskReceipt? Script(WorkerTask task, IReadOnlySet<int> failing)
    {
        if (Shared) return IsFirstSlice(task) ? ScriptShared(task, failing.Count > 0) : null;
        if (ScriptedIsolation.PartitionOf(task) is not { } partition) return null;
        if (failing.Contains(partition)) return ScriptedIsolation.Failed(task, TaskOutcome.BadData);
        return partition == Hungry && task.Reduce is { Piece: null } && HungryIsolation.RowGroups(task) > 1 ? HungryIsolation.Memory(task) : null;
    }

    TaskReceipt? ScriptShared(WorkerTask task, bool fails)
    {
        if (fails) return ScriptedIsolation.Failed(task, TaskOutcome.BadData);
        var isWhole = !task.TaskId.Contains('.', StringComparison.Ordinal);
        return Hungry is not null && isWhole && task.Reduce!.Files.Sum(file => file.RowGroups.Count) > 1 ? HungryIsolation.Memory(task) : null;
    }

    static bool IsFirstSlice(WorkerTask task) => task.Reduce is { Shared: not null, Files: [{ Path: Source, RowGroups: [{ Ordinal: 0 }, ..] }, ..] };

    /// <summary>Puts the data set; returns the ETag of the first file.</summary>
    public string PutData(MemoryObjectStore store, int version)
    {
        store.Put("lake/b.parquet", Files.GetOrAdd((Partitions, 0, 0), _ => File(Enumerable.Range(0, Partitions), 1)));
        return PutSource(store, version);
    }

    /// <summary>Puts one of the two versions of the first file.</summary>
    public string PutSource(MemoryObjectStore store, int version) => store.Put(Source, Files.GetOrAdd((Partitions, RowGroups, version), _ => First(version)));

    byte[] First(int version) => File(Enumerable.Range(0, Partitions * RowGroups).Select(group => group / RowGroups), 10 + 100 * version, groupEach: true);

    static byte[] File(IEnumerable<int> partitions, int first, bool groupEach = false)
    {
        var schema = new Schema([new Field("ff", DataType.Int32), new Field("amount", DataType.Int64)]);
        using var content = new MemoryStream();
        using var writer = new ParquetFileWriter(schema, content, new Dictionary<string, string>());
        foreach (var group in groupEach ? partitions.Select(partition => new[] { partition }) : [partitions.ToArray()])
        {
            var columns = schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
            foreach (var partition in group)
            {
                for (var row = 0; row < Rows; row++)
                {
                    ((Column<int>)columns[0]).Append(partition);
                    ((Column<long>)columns[1]).Append(first++);
                }
            }
            writer.WriteRowGroup(columns);
        }
        writer.Complete();
        return content.ToArray();
    }
}
