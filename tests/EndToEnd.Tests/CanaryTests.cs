using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Fanfold.EndToEnd.Tests;

/// <summary>Secrets that are near a run, and addresses in its spec: the ones show up nowhere, the others are never asked.</summary>
public sealed class CanaryTests : IDisposable
{
    const string Canary = "Canary7Qx9";

    static readonly Dictionary<string, string> Secrets = new()
    {
        ["AZURE_CLIENT_SECRET"] = Canary,
        ["AZURE_STORAGE_CONNECTION_STRING"] = $"DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={Canary}==;EndpointSuffix=core.windows.net",
        ["AZURE_STORAGE_KEY"] = $"{Canary}==",
        ["AZURE_STORAGE_SAS_TOKEN"] = $"sv=2024-01-01&ss=b&sig={Canary}%3D",
        ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = $"InstrumentationKey={Canary}",
        ["ConnectionStrings__Lake"] = $"AccountKey={Canary}",
        ["IDENTITY_HEADER"] = Canary,
        ["AWS_SECRET_ACCESS_KEY"] = Canary,
        ["GITHUB_TOKEN"] = Canary,
        ["BEARER"] = Canary,
    };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly Fanfold _fanfold = new();

    public void Dispose() => _fanfold.Dispose();

    static JsonObject Spec(string more = "{}", string source = "lake") =>
        Fanfold.Spec(source, "ff", """{ "groupBy": ["s"], "aggregates": { "n": "len()" } }""", "results/out.parquet", more);

    void WriteSpec(JsonObject spec) => File.WriteAllText(Path.Combine(_fanfold.Folder, "spec.json"), spec.ToJsonString());

    void WriteLake(string text = "a")
    {
        var folder = Directory.CreateDirectory(_fanfold.PathOf("lake")).FullName;
        Duck.Execute($"copy (select i % 8 as ff, i, '{text}' as s from range(1000) t(i)) to '{folder}/a.parquet' (format parquet)");
    }

    void AssertNowhere(Outcome outcome, string shown = "")
    {
        Assert.DoesNotContain(Canary, outcome.Stdout + outcome.Stderr + shown, StringComparison.OrdinalIgnoreCase);
        foreach (var path in Directory.EnumerateFileSystemEntries(_fanfold.Folder, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "spec.json" || path.Contains("/runs/", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain(Canary, path, StringComparison.OrdinalIgnoreCase);
            if (File.Exists(path)) Assert.DoesNotContain(Canary, Encoding.Latin1.GetString(File.ReadAllBytes(path)), StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>A run that succeeds, one whose tasks run out of time, one whose source is not there, one that is refused.</summary>
    [Theory]
    [InlineData("""{ "limits": { "parallel": 1 } }""", "lake", 0)]
    [InlineData("""{ "limits": { "parallel": 1, "timeout": "00:00:00.001", "retries": 0 } }""", "lake", 1)]
    [InlineData("{}", "lakes", 4)]
    [InlineData("""{ "where": "nope = 1" }""", "lake", 2)]
    public async Task Run_SecretsInTheHostsEnvironment_StayThere(string more, string source, int exitCode)
    {
        WriteLake();
        WriteSpec(Spec(more, source));
        foreach (var json in (string[][])[[], ["--json"]])
        {
            using var run = await _fanfold.StartAsync(Secrets, ["run", "spec.json", "--store", _fanfold.Store, .. json]);
            var shown = exitCode == 0 ? await WorkerWatch.ReadAsync(_fanfold, run) : "";
            AssertNowhere((await run.EndAsync()).Exits(exitCode), shown);
        }
        Assert.NotEmpty(Directory.GetFiles(_fanfold.PathOf("fanfold/runs"), "status.json", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("https://acct.blob.core.windows.net/lake?sv=1&sig=" + Canary)]
    [InlineData("https://user:" + Canary + "@acct.blob.core.windows.net/lake")]
    [InlineData("https://acct.blob.core.windows.net/" + Canary)]
    [InlineData("lake?sv=1&sig=" + Canary)]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=" + Canary + "==")]
    [InlineData("BlobEndpoint=http://127.0.0.1:10000/a;SharedAccessSignature=sv=1&sig=" + Canary)]
    public async Task Spec_PathThatHoldsASecret_IsRefusedWithoutIt(string path)
    {
        WriteLake();
        foreach (var (field, pointer, code) in ((string, string, string)[])[("source", "/source/path", "invalid-path"), ("output", "/output/path", "invalid-path"), ("include", "/source/include/0", "invalid-glob")])
        {
            var spec = Spec();
            if (field == "include") spec["source"]!["include"] = new JsonArray(path);
            else spec[field]!["path"] = path;
            WriteSpec(spec);
            foreach (var call in (string[][])[["run", "spec.json", "--store", _fanfold.Store], ["plan", "spec.json", "--store", _fanfold.Store], ["validate", "spec.json"]])
            {
                foreach (var json in (string[][])[[], ["--json"]])
                {
                    var refused = (await _fanfold.CallAsync([.. call, .. json])).Exits(2);
                    if (json.Length > 0) Assert.Equal((code, pointer), ((string?)refused.Error["code"], (string?)refused.Error["pointer"]));
                    AssertNowhere(refused);
                }
            }
        }
    }

    [Theory]
    [InlineData("https://acct.blob.core.windows.net?sv=1&sig=" + Canary)]
    [InlineData("https://user:" + Canary + "@acct.blob.core.windows.net")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=" + Canary + "==")]
    [InlineData("UseDevelopmentStorage=true;AccountKey=" + Canary)]
    public async Task Call_StoreThatHoldsASecret_IsRefusedWithoutIt(string store)
    {
        WriteSpec(Spec());
        foreach (var call in (string[][])[["run", "spec.json"], ["plan", "spec.json"], ["status", "any"]])
        {
            foreach (var json in (string[][])[[], ["--json"]]) AssertNowhere((await _fanfold.CallAsync([.. call, "--store", store, .. json])).Exits(2));
        }
    }

    [Fact]
    public async Task Spec_AddressesInIt_AreNeverAsked()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        try
        {
            var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
            WriteLake(address);
            foreach (var path in (string[])[$"{address}/lake", $"//127.0.0.1:{address.Split(':')[2]}/lake", $"\\\\127.0.0.1@{address.Split(':')[2]}\\lake"])
            {
                foreach (var field in (string[])["source", "output"])
                {
                    var refused = Spec();
                    refused[field]!["path"] = path;
                    (await _fanfold.RunAsync(refused)).Exits(2);
                }
            }
            var spec = Spec($$"""
                { "$schema": "{{address}}/schema.json", "where": "s = '{{address}}' or starts_with(s, '{{address}}/')", "derive": { "u": "'{{address}}/' || s" } }
                """);

            var run = (await _fanfold.RunAsync(spec)).Exits(0);

            Assert.Equal(8, (int)run.Json["rowsOut"]!);
            Assert.False(listener.Pending(), "someone connected");
        }
        finally
        {
            listener.Stop();
        }
    }
}
