using Fanfold.Benchmarks;
using Fanfold.Benchmarks.SinglePass;
using Fanfold.Benchmarks.Strategies;

if (Duck.IsPeer(args)) return Duck.RunPeer(args);

// One benchmark per question. --small shrinks it to seconds, --check fails when an answer is wrong, --rounds=N compares whole commands N times; none judges a time.
var small = args.Contains("--small");
var check = args.Contains("--check");
var rounds = args.Select(RoundsOf).FirstOrDefault(static count => count is not null) ?? (small ? 1 : 5);
var known = new Dictionary<string, Func<Published, BenchmarkOptions, TextWriter, Task>>
{
    ["orchestration"] = OrchestrationBenchmark.RunAsync,
    ["single-pass"] = SinglePassBenchmark.RunAsync,
    ["group-by"] = GroupByBenchmark.RunAsync,
    ["memory"] = MemoryBenchmark.RunAsync,
    ["seed"] = SeedBenchmark.RunAsync,
    ["strategies"] = StrategyBenchmark.RunAsync,
    ["choice"] = ChoiceBenchmark.RunAsync,
    ["stations"] = StationsBenchmark.RunAsync,
};
var named = args.Where(known.ContainsKey).ToList();
if (args.FirstOrDefault(arg => !known.ContainsKey(arg) && arg is not ("--small" or "--check") && RoundsOf(arg) is null) is { } unknown)
{
    Console.Error.WriteLine($"'{unknown}' is not known. Usage: dotnet run -c Release --project tests/Benchmarks -- [{string.Join(" | ", known.Keys)}] [--small] [--check] [--rounds=N]");
    return 2;
}
var published = await Published.CreateAsync();
Console.WriteLine(Machine.Describe());
foreach (var name in named.Count > 0 ? named : [.. known.Keys]) await known[name](published, new BenchmarkOptions(small, check, rounds), Console.Out);
return 0;

static int? RoundsOf(string arg) => arg.StartsWith("--rounds=", StringComparison.Ordinal) && int.TryParse(arg["--rounds=".Length..], out var count) && count > 0 ? count : null;
