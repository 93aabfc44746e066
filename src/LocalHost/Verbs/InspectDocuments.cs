using Fanfold.Engine.Parquet;
using Spectre.Console;

namespace Fanfold.LocalHost.Verbs;

/// <summary>A footer as a document and as text.</summary>
static class InspectDocuments
{
    const int RowGroupsShown = 20;

    public static InspectDocument Of(string file, FileMetadata footer) => new(
        file, footer.Rows, footer.CreatedBy, footer.KeyValues,
        [.. footer.Columns.Select(column => new SchemaColumnDocument(column.Name, column.Type?.ToString(), column.PhysicalType.ToString(), !column.IsFlat, column.IsOptional, column.IsFlat ? column.Refusal : null))],
        [.. footer.RowGroups.Select(group => new RowGroupDocument(group.Ordinal, group.Rows, [.. footer.Columns.Select(column => Chunk(column, group.Chunks[column.Ordinal]))]))],
        null);

    static ChunkDocument Chunk(ParquetColumn column, ColumnChunk chunk)
    {
        var bounds = ColumnStatistics.Bounds(column, chunk);
        return new ChunkDocument(column.Name, chunk.Codec.ToString(), chunk.Values, chunk.NullCount, chunk.CompressedSize, chunk.UncompressedSize, bounds.Min?.ToString(), bounds.Max?.ToString());
    }

    public static void Print(InspectDocument document)
    {
        AnsiConsole.Write(new Text(TerminalText.Safe($"{document.File}: {document.Rows:N0} rows, {document.RowGroups.Count} row groups, written by {document.CreatedBy ?? "an unnamed writer"}") + "\n"));
        var columns = new Table().Border(TableBorder.Simple).AddColumns("column", "type", "physical type", "");
        foreach (var column in document.Columns)
        {
            var note = column.Nested ? "nested, not read" : column.Refusal ?? (column.Optional ? "" : "required");
            columns.AddRow(new[] { column.Name, column.Type ?? "", column.PhysicalType, note }.Select(cell => new Text(TerminalText.Safe(cell))));
        }
        AnsiConsole.Write(columns);
        var groups = new Table().Border(TableBorder.Simple).AddColumns("row group", "rows", "column", "codec", "bytes", "nulls", "min", "max");
        foreach (var group in document.RowGroups.Take(RowGroupsShown))
        {
            foreach (var chunk in group.Columns)
            {
                string[] cells = [$"{group.Ordinal}", $"{group.Rows:N0}", chunk.Name, chunk.Codec, $"{chunk.CompressedSize:N0}", $"{chunk.NullCount}", chunk.Min ?? "", chunk.Max ?? ""];
                groups.AddRow(cells.Select(cell => new Text(TerminalText.Safe(cell))));
            }
        }
        AnsiConsole.Write(groups);
        if (document.RowGroups.Count > RowGroupsShown) AnsiConsole.Write(new Text($"and {document.RowGroups.Count - RowGroupsShown} more row groups; --json lists them all\n"));
    }
}
