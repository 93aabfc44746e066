using System.IO.Pipelines;
using System.Text;
using Fanfold.Workflow.Running;
using Spectre.Console;

namespace Fanfold.LocalHost.Verbs;

/// <summary>The first rows of a result, as a table on stdout. What comes behind them is not asked for.</summary>
static class ResultPreview
{
    public const int DefaultRows = 20;

    /// <summary>Characters of one value that are shown.</summary>
    const int MostText = 200;

    /// <param name="copyAsync">Writes the result as CSV; returns why what it wrote is not the whole, null when it is.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> PrintAsync(int rows, Func<Stream, CancellationToken, Task<IReadOnlyList<RunError>?>> copyAsync, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pipe = new Pipe();
        var copying = CopyAsync();
        // The names, the rows, and one more that tells that there are more.
        var records = await ReadAsync(new StreamReader(pipe.Reader.AsStream()), rows + 2, cancellationToken);
        await enough.CancelAsync();
        await pipe.Reader.CompleteAsync();
        if (await copying is { } failed) return SpecFile.Refuse(failed, json: false);
        if (records.Count > rows + 1)
        {
            records.RemoveAt(rows + 1);
            Console.WriteLine($"The first {rows:N0} rows:");
        }
        var table = new Table().Border(TableBorder.Simple);
        foreach (var name in records[0]) table.AddColumn(new TableColumn(new Text(TerminalText.Safe(name))));
        foreach (var record in records.Skip(1)) table.AddRow(record.Select(value => new Text(TerminalText.Safe(value))));
        AnsiConsole.Write(table);
        return ExitCode.Succeeded;

        async Task<IReadOnlyList<RunError>?> CopyAsync()
        {
            try
            {
                await using var csv = pipe.Writer.AsStream();
                return await copyAsync(csv, enough.Token);
            }
            catch (OperationCanceledException) when (enough.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return null;
            }
            finally
            {
                await pipe.Writer.CompleteAsync();
            }
        }
    }

    /// <summary>The first records of a CSV document (RFC 4180), the names among them.</summary>
    internal static async Task<List<string[]>> ReadAsync(TextReader csv, int most, CancellationToken cancellationToken)
    {
        var (records, record, value) = (new List<string[]>(), new List<string>(), new StringBuilder());
        var (isQuoted, before) = (false, '\0');
        var block = new char[4096];
        while (records.Count < most && await csv.ReadAsync(block, cancellationToken) is > 0 and var count)
        {
            foreach (var c in block.AsSpan(0, count))
            {
                if (c == '"')
                {
                    // Within quotes, two of them stand for one.
                    if (!isQuoted && before == '"') Append(c);
                    isQuoted = !isQuoted;
                }
                else if (isQuoted || c is not (',' or '\n' or '\r')) Append(c);
                else if (c != '\r') End(c == '\n');
                before = c;
                if (records.Count == most) break;
            }
        }
        return records;

        void Append(char c)
        {
            if (value.Length < MostText) value.Append(c);
            else if (value.Length == MostText) value.Append('…');
        }

        void End(bool isLast)
        {
            record.Add(value.ToString());
            value.Clear();
            if (!isLast) return;
            records.Add([.. record]);
            record.Clear();
        }
    }
}
