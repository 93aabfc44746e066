using System.Text.Json.Serialization;

namespace Fanfold.Workflow.Planning;

/// <summary>What a strategy is expected to cost, from footers alone. Sizes are in bytes.</summary>
/// <param name="Strategy">perPartition or sharedScan.</param>
/// <param name="BytesFetched">Compressed bytes that all tasks read together.</param>
/// <param name="BytesDecoded">The same, uncompressed.</param>
/// <param name="Requests">Reads and writes of tasks, their receipts included.</param>
/// <param name="CpuSeconds">Of workers and of the host that starts them.</param>
/// <param name="PeakMemory">The largest that any worker is expected to need: its cap where that is less.</param>
/// <param name="Dollars">On Azure, by <see cref="PriceTable"/>.</param>
/// <param name="PricesOf">The month of these prices.</param>
public sealed record PlanCandidate(string Strategy, long Tasks, long BytesFetched, long BytesDecoded, long Requests, double CpuSeconds, long PeakMemory, double Dollars, string PricesOf = PriceTable.AsOf)
{
    /// <summary>Why <c>auto</c> can't take it; null when it can.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Excluded { get; init; }
}
