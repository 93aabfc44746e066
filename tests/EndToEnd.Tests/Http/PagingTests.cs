using System.Text.Json.Nodes;
using Fanfold.Client;

namespace Fanfold.EndToEnd.Tests.Http;

/// <summary>The partitions of a large run, a page at a time. Set <c>FANFOLD_SOAK=1</c> for 10,000 of them on every store.</summary>
public sealed class PagingTests
{
    const int Many = 10_000, Fewer = 500;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<ApiKind, int> Kinds => [.. ApiUnderTest.Kinds.Select(kind => (kind, kind == ApiKind.ServeDirectory || Environment.GetEnvironmentVariable("FANFOLD_SOAK") == "1" ? Many : Fewer))];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Partitions_OfALargeRun_AreEachOnOnePage(ApiKind kind, int count)
    {
        await using var api = await ApiUnderTest.StartAsync(kind, "--isolation", "none");
        using var scenario = await Scenario.CreateAsync(api);
        var id = scenario.Id("large");
        var spec = JsonNode.Parse(scenario.Spec("large", """{ "parallel": 8 }"""))!;
        spec["partitionBy"]!["values"] = new JsonArray([.. Enumerable.Range(0, count).Select(value => (JsonNode)value)]);
        await api.Client.StartAsync(id, spec.ToJsonString(), Cancellation);
        var ended = await api.Client.WaitAsync(id, cancellationToken: Cancellation);
        Assert.Equal((RunStatus.Succeeded, count), (ended.Status, ended.Summary!.Partitions.Total));

        var partitions = await api.Client.PartitionsAsync(id, pageSize: 1000, cancellationToken: Cancellation).ToListAsync(Cancellation);
        Assert.Equal(Enumerable.Range(0, count), partitions.Select(partition => partition.Index));
        Assert.Equal(Enumerable.Range(0, count).Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture)), partitions.Select(partition => partition.Value));
        Assert.Equal(Scenario.Partitions, partitions.Count(partition => partition.Status == "succeeded"));
        Assert.Equal(Enumerable.Range(0, Scenario.Partitions), await api.Client.PartitionsAsync(id, "succeeded", pageSize: 2, Cancellation).Select(partition => partition.Index).ToListAsync(Cancellation));
    }
}
