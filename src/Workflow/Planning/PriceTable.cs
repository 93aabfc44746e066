namespace Fanfold.Workflow.Planning;

/// <summary>List prices in US dollars, of which estimates are made. They change; a bill is what counts.</summary>
/// <remarks>
/// Azure Functions Flex Consumption on demand without the free grant, and hot block blobs with local redundancy, in East US. The price of a GB-second is that of guides of <see cref="AsOf"/>; those of
/// executions and operations are of the order of the list, and not checked against it.
/// </remarks>
static class PriceTable
{
    /// <summary>The month that the prices are of.</summary>
    public const string AsOf = "2025-05";

    public const double GigabyteSecond = 0.000026;
    public const double Execution = 0.40 / 1_000_000;
    public const double Read = 0.005 / 10_000;
    public const double Write = 0.065 / 10_000;

    /// <summary>The memory of the smallest instance that a worker of this cap fits beside its host in, in gigabytes.</summary>
    public static double InstanceGigabytes(long cap) => cap <= 256L << 20 ? 0.5 : cap <= 1536L << 20 ? 2 : 4;

    /// <summary>Executions of activities, each with an instance to itself.</summary>
    public static double Of(double seconds, long cap, long executions, long reads, long writes) =>
        seconds * InstanceGigabytes(cap) * GigabyteSecond + executions * Execution + reads * Read + writes * Write;
}
