using System.Globalization;
using System.Text.Json;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Real files of many writers against figures of independent engines.</summary>
public class CorpusTests
{
    // These two carry wrong CRCs over readable pages. The engines that made the figures do not check CRCs; this reader does, and refuses.
    static readonly string[] WrongChecksums = ["datapage_v1-corrupt-checksum.parquet", "rle-dict-uncompressed-corrupt-checksum.parquet"];

    [Fact]
    public async Task EveryFile_IsReadAsItsLineSays()
    {
        var faults = new List<string>();
        var exact = 0;
        foreach (var line in Corpus.Lines("expected.jsonl"))
        {
            var path = line.GetProperty("path").GetString()!;
            var bytes = await File.ReadAllBytesAsync(Path.Combine(Corpus.Require(), path), TestContext.Current.CancellationToken);
            try
            {
                var outcome = await ReadAsync(bytes, path);
                exact += outcome.Error is null ? 1 : 0;
                if (Judge(line, path, outcome) is { } fault) faults.Add($"{path}: {fault}");
            }
            catch (Exception exception)
            {
                faults.Add($"{path}: untyped {exception}");
            }
        }
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
        Assert.True(exact > 60, $"only {exact} files were read whole");
    }

    sealed record Outcome(long Rows, IReadOnlyList<VerifiedColumn> Columns, ParquetDataException? Error);

    static async Task<Outcome> ReadAsync(byte[] bytes, string path)
    {
        try
        {
            var source = new MemorySource(bytes, path);
            var file = await FooterReader.ReadAsync(source, TestContext.Current.CancellationToken);
            var columns = await FileVerifier.VerifyAsync(source, file, ParquetFiles.Buffers(), TestContext.Current.CancellationToken);
            return new Outcome(file.Rows, columns, columns.Select(c => c.Error).FirstOrDefault(e => e is not null));
        }
        catch (ParquetDataException defect)
        {
            return new Outcome(-1, [], defect);
        }
    }

    static string? Judge(JsonElement line, string path, Outcome outcome)
    {
        var expect = line.GetProperty("expect").GetString();
        if (expect == "ERROR") return outcome.Error is null ? "read, though it should be refused" : null;
        if (outcome.Error is not null && expect == "EXACT" && !WrongChecksums.Contains(Path.GetFileName(path))) return $"refused: {outcome.Error.Message}";
        if (outcome.Rows < 0) return null;
        if (expect == "EXACT" && outcome.Rows.ToString(CultureInfo.InvariantCulture) != Text(line, "rows")) return $"{outcome.Rows} rows, expected {Text(line, "rows")}";
        foreach (var expected in line.GetProperty("columns").EnumerateArray())
        {
            var name = expected.GetProperty("name").GetString();
            if (outcome.Columns.FirstOrDefault(c => c.Name == name) is not { Figures: { } figures } column) continue;
            // Where both engines give a figure they agree; where only one reads the column, its figure counts.
            var reference = expected.TryGetProperty("nonNull", out _) ? expected : expected.GetProperty("arrow");
            if (Differences(reference, column, figures) is { } difference) return $"column {name}: {difference}";
        }
        return null;
    }

    static string? Differences(JsonElement expected, VerifiedColumn column, ColumnFigures figures) =>
        Compare("nonNull", expected, figures.NonNull.ToString(CultureInfo.InvariantCulture)) ?? Compare("sum", expected, figures.Sum)
        ?? Compare("sumMicros", expected, figures.SumMicros) ?? Compare("textHash", expected, figures.TextHash)
        ?? (column.Type == "binary" ? null : Compare("min", expected, figures.Min) ?? Compare("max", expected, figures.Max));

    static string? Compare(string figure, JsonElement expected, string? actual)
    {
        var wanted = Text(expected, figure);
        if (wanted is null || wanted == actual) return null;
        if (double.TryParse(wanted, CultureInfo.InvariantCulture, out var a) && double.TryParse(actual, CultureInfo.InvariantCulture, out var b)
            && Math.Abs(a - b) <= 1e-9 * Math.Max(Math.Abs(a), Math.Abs(b))) return null;
        return $"{figure} is {actual}, expected {wanted}";
    }

    static string? Text(JsonElement element, string property) =>
        !element.TryGetProperty(property, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
}
