using System.CommandLine;
using Fanfold.Engine;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Spectre.Console;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold inspect FILE</c></summary>
static class InspectVerb
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A path on this machine; with --store, a path in that store." };
        var store = CommonOptions.Store();
        var verify = new Option<bool>("--verify") { Description = "Read every page of every flat column and print check figures." };
        var json = CommonOptions.Json();
        var command = new Command("inspect", "Show a Parquet file's schema, row groups and statistics.") { file, store, verify, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var name = parsed.GetValue(file)!;
            var asJson = parsed.GetValue(json);
            try
            {
                if (parsed.GetValue(store) is not { } root)
                {
                    using var local = new LocalFile(name);
                    return await InspectAsync(local, parsed.GetValue(verify), asJson, cancellationToken);
                }
                await using var reader = await new Stores(root, null).State.OpenAsync(name, cancellationToken);
                return reader is null ? NotFound(name, parsed.GetValue(store) is not null, parsed.GetValue(verify), asJson) : await InspectAsync(new ObjectSource(reader, new Traffic()), parsed.GetValue(verify), asJson, cancellationToken);
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                return NotFound(name, parsed.GetValue(store) is not null, parsed.GetValue(verify), asJson);
            }
            catch (UnauthorizedAccessException) when (Directory.Exists(name))
            {
                Print(name, new FileError("usage", $"'{name}' is a folder; name one Parquet file."), parsed.GetValue(verify), asJson);
                return ExitCode.Usage;
            }
            catch (UnauthorizedAccessException)
            {
                Print(name, new FileError("access-denied", $"'{name}' can't be read: it is no file, or the rights are missing."), parsed.GetValue(verify), asJson);
                return ExitCode.AccessDenied;
            }
        });
        return command;
    }

    static int NotFound(string name, bool isStore, bool verify, bool json)
    {
        Print(name, new FileError("file-not-found", $"There is no file '{name}'{(isStore ? " in the store" : "; with --store it is a path in that store")}."), verify, json);
        return ExitCode.NotFound;
    }

    static void Print(string name, FileError error, bool verify, bool json)
    {
        (name, error) = (Secrets.Hide(name), error with { Message = Secrets.Hide(error.Message) });
        Console.Error.WriteLine(TerminalText.Safe($"error: {error.Message}"));
        if (!json) return;
        if (verify) CommandJson.Write(new VerifyDocument(name, null, null, [], error), CommandJson.Default.VerifyDocument);
        else CommandJson.Write(new InspectDocument(name, null, null, null, [], [], error), CommandJson.Default.InspectDocument);
    }

    /// <summary>What reading one page and one batch of a column may take; larger ones are refused.</summary>
    const long MostMemory = 256L << 20;

    static async Task<int> InspectAsync(IByteSource source, bool verify, bool json, CancellationToken cancellationToken)
    {
        FileMetadata footer;
        try
        {
            footer = await FooterReader.ReadAsync(source, cancellationToken);
        }
        catch (ParquetDataException defect)
        {
            Print(source.Name, Error(defect), verify, json);
            return ExitCode.Failed;
        }
        if (verify) return Print(source, footer, await FileVerifier.VerifyAsync(source, footer, new Buffers(new MemoryAccount(MostMemory)), cancellationToken), json);
        var document = InspectDocuments.Of(source.Name, footer);
        if (json) CommandJson.Write(document, CommandJson.Default.InspectDocument);
        else InspectDocuments.Print(document);
        return ExitCode.Succeeded;
    }

    static int Print(IByteSource source, FileMetadata footer, IReadOnlyList<VerifiedColumn> verified, bool json)
    {
        var columns = verified.Select(column => new VerifiedColumnDocument(
            column.Name, column.Type, column.IsNested, column.Figures?.NonNull, column.Figures?.Min, column.Figures?.Max, column.Figures?.Sum, column.Figures?.SumMicros,
            column.Figures?.TextHash, column.Error is { } error ? Error(error) : null)).ToList();
        var refused = columns.Where(column => column.Error is not null).ToList();
        foreach (var column in refused) Console.Error.WriteLine(TerminalText.Safe($"error: {column.Error!.Message}"));
        var document = new VerifyDocument(source.Name, footer.Rows, footer.RowGroups.Count, columns, null);
        if (json) CommandJson.Write(document, CommandJson.Default.VerifyDocument);
        else
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("column", "type", "non-null", "min", "max", "sum");
            foreach (var column in columns)
            {
                string[] cells = [column.Name, column.Nested ? "nested, not read" : column.Error is not null ? "refused" : column.Type!, $"{column.NonNull}", column.Min ?? "", column.Max ?? "", column.Sum ?? ""];
                table.AddRow(cells.Select(cell => new Text(TerminalText.Safe(cell))));
            }
            AnsiConsole.Write(table);
        }
        return refused.Count == 0 ? ExitCode.Succeeded : ExitCode.Failed;
    }

    static FileError Error(ParquetDataException defect) => new(TaskRunner.Code(defect.Defect), defect.Message);
}
