using System.Globalization;
using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Spectre.Console;

namespace Fanfold.LocalHost;

/// <summary>A summary and a result for people, on stdout.</summary>
static class SummaryView
{
    public static void Print(RunSummary summary)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        void Row(string name, string value) => grid.AddRow(new Text(name), new Text(TerminalText.Safe(value)));
        Row("run", summary.RunId);
        Row("status", System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(summary.Status.ToString()));
        Row("partitions", $"{summary.Partitions.Total}: {summary.Partitions.Succeeded} succeeded, {summary.Partitions.Empty} empty, {summary.Partitions.Failed} failed{NotDone(summary.Partitions)}");
        Row("tasks", $"{summary.Tasks.Total}: {summary.Tasks.Succeeded} succeeded, {summary.Tasks.Failed} failed, {summary.Tasks.Reused} reused");
        Row("row groups", $"{summary.RowGroups.Total} in the source; over all tasks {summary.RowGroups.Matched:N0} matched, {summary.RowGroups.Pruned:N0} pruned");
        Row("rows", $"{summary.RowsIn:N0} in, {summary.RowsOut:N0} out");
        Row("bytes", $"{TerminalText.Bytes(summary.BytesRead)} read in {summary.Requests:N0} requests, {TerminalText.Bytes(summary.BytesPruned)} pruned");
        Row("peak memory", summary.PeakWorkerMemory == 0 ? "not measured (no worker process)" : $"{TerminalText.Bytes(summary.PeakWorkerMemory)} (largest worker){(summary.ForecastWorkerMemory == 0 ? "" : $", {TerminalText.Bytes(summary.ForecastWorkerMemory)} expected")}");
        Row("elapsed", $"{summary.ElapsedMs / 1000.0:0.0} s");
        if (summary.Cost is { } cost) Row("cost", string.Create(CultureInfo.InvariantCulture, $"{(cost.CpuSeconds > 0 ? $"{cost.CpuSeconds:0.0} s of processor time, " : "")}about $ {cost.Dollars:0.0000} on Azure"));
        Row("strategy", summary.Strategy);
        if (summary.Output is { } output) Row("result", output);
        if (summary.Manifest is { } manifest) Row("manifest", manifest);
        AnsiConsole.Write(grid);
    }

    static string NotDone(PartitionCounts counts) => counts.Total - counts.Succeeded - counts.Empty - counts.Failed is > 0 and var rest ? $", {rest} not done" : "";

    /// <summary>What the first rows of a result may take: its row groups are ours, and small.</summary>
    const long HeadMemory = 256L << 20;

    /// <summary>The first rows of a result that is one Parquet file; nothing of another.</summary>
    public static async Task PrintHeadAsync(IObjectStore state, string path, int rows, CancellationToken cancellationToken)
    {
        if (!path.EndsWith(".parquet", StringComparison.Ordinal)) return;
        await using var reader = await state.OpenAsync(path, cancellationToken);
        if (reader is null) return;
        var source = new ObjectSource(reader, new Traffic());
        var footer = await FooterReader.ReadAsync(source, cancellationToken);
        var schema = new Schema(footer.Columns.Select(column => new Field(column.Name, column.Type!.Value)));
        var table = new Table().Border(TableBorder.Simple);
        foreach (var field in schema.Fields) table.AddColumn(new TableColumn(new Text(TerminalText.Safe(field.Name))));
        await using var columns = new ColumnBatchReader(source, footer, schema, new Buffers(new MemoryAccount(HeadMemory)));
        await foreach (var batch in columns.ReadAsync(rows, cancellationToken))
        {
            for (var row = 0; row < batch.Rows; row++) table.AddRow(batch.Columns.Select(column => new Text(TerminalText.Safe(column[row].ToString()))));
            break;
        }
        AnsiConsole.Write(table);
    }
}
