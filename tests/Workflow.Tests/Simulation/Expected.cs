using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fanfold.Storage;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>What an undisturbed run leaves.</summary>
/// <param name="Objects">All below the folder of results, by path.</param>
/// <param name="Calls">Calls of the store that it made.</param>
sealed record Expected(RunSummary Summary, Manifest Manifest, IReadOnlyDictionary<string, (byte[] Bytes, string ETag)> Objects, int Calls, int Steps)
{
    static readonly ConcurrentDictionary<(Scenario, int, string, bool), Lazy<Expected>> Known = [];

    /// <param name="version">Of the source.</param>
    /// <param name="failing">Partitions whose tasks fail.</param>
    public static Expected Of(Scenario scenario, int version, IReadOnlySet<int> failing, bool rival = false) =>
        Known.GetOrAdd((scenario, version, string.Join(',', failing.Order()), rival), _ => new Lazy<Expected>(() => Run(scenario, version, failing, rival))).Value;

    static Expected Run(Scenario scenario, int version, IReadOnlySet<int> failing, bool rival)
    {
        var world = new World(0);
        scenario.PutData(world.Store, version);
        var run = new SimulatedRun(world, Oracle.OldRun, scenario.Spec(rival), scenario.Parallel, task => scenario.Script(task, failing));
        run.Start(TimeSpan.Zero);
        world.Run();
        var summary = Assert.Single(run.Ends);
        if (summary.Manifest is null) throw new InvalidOperationException($"the undisturbed run of {scenario} failed: {summary.Errors?[0].Message}");
        var objects = world.Store.Paths("results").ToDictionary(path => path, path => world.Store.Read(path)!.Value);
        return new Expected(summary, JsonSerializer.Deserialize(objects[summary.Manifest].Bytes, WorkflowJson.Default.Manifest)!, objects, world.Calls, world.Steps);
    }

    /// <summary>Leaves the result in a store, as if this run had been there.</summary>
    public void PutInto(MemoryObjectStore store)
    {
        var manifest = Objects[Summary.Manifest!].Bytes;
        var text = System.Text.Encoding.UTF8.GetString(manifest);
        foreach (var (path, (bytes, etag)) in Objects.Where(stored => stored.Key != Summary.Manifest))
        {
            var put = store.Put(path, bytes);
            text = Names(JsonNode.Parse(text)!, path, put).ToJsonString();
        }
        store.Put(Summary.Manifest!, System.Text.Encoding.UTF8.GetBytes(text));
    }

    /// <summary>The manifest with the version that an object has now.</summary>
    JsonNode Names(JsonNode manifest, string path, string etag)
    {
        var result = manifest["result"]!;
        if (result["files"] is JsonArray files) files.Single(file => $"{Summary.Output}/{(string?)file!["path"]}" == path)!["eTag"] = etag;
        else result["eTag"] = etag;
        return manifest;
    }
}
