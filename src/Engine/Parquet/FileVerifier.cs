using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <param name="Name">The top-level field.</param>
/// <param name="Type">The logical type's text; null for nested and refused columns.</param>
/// <param name="Figures">Null when the column is nested or refused.</param>
/// <param name="Error">Why a flat column was refused.</param>
public sealed record VerifiedColumn(string Name, string? Type, bool IsNested, ColumnFigures? Figures, ParquetDataException? Error);

/// <summary>Reads every page of every flat column of a file.</summary>
public static class FileVerifier
{
    /// <summary>Figures of each top-level column, in schema order. A defect in one column is that column's <see cref="VerifiedColumn.Error"/>; the others are still read.</summary>
    public static async Task<IReadOnlyList<VerifiedColumn>> VerifyAsync(IByteSource source, FileMetadata file, Buffers buffers, CancellationToken cancellationToken = default)
    {
        var verified = new List<VerifiedColumn>();
        var nested = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in file.Columns)
        {
            if (column.IsFlat) verified.Add(await VerifyColumnAsync(source, file, column, buffers, cancellationToken));
            else if (nested.Add(column.Root)) verified.Add(new VerifiedColumn(column.Root, null, true, null, null));
        }
        return verified;
    }

    static async Task<VerifiedColumn> VerifyColumnAsync(IByteSource source, FileMetadata file, ParquetColumn column, Buffers buffers, CancellationToken cancellationToken)
    {
        if (column.Type is not { } type)
            return new VerifiedColumn(column.Name, null, false, null, new ParquetDataException(ParquetDefect.Unsupported, column.Refusal!).At(source.Name, column: column.Name));
        var figures = new ColumnFigures(type);
        var batchRows = new BatchRows(buffers.Account);
        try
        {
            await using var ahead = new ReadAhead(source, buffers);
            using var reader = new ColumnChunkReader(source, ahead, column, file.DataEnd, buffers);
            foreach (var group in file.RowGroups)
            {
                if (group.Rows == 0) continue;
                reader.Open(group.Ordinal, group.Chunks[column.Ordinal]);
                batchRows.Plan(BatchRows.BytesOf(group.Chunks[column.Ordinal], type));
                for (var left = group.Rows; left > 0; left -= batchRows.Count)
                    figures.Add(await reader.ReadAsync(RowSelection.All((int)Math.Min(left, batchRows.Count)), cancellationToken));
            }
            return new VerifiedColumn(column.Name, type.ToString(), false, figures, null);
        }
        catch (ParquetDataException defect)
        {
            return new VerifiedColumn(column.Name, type.ToString(), false, null, defect);
        }
    }
}
