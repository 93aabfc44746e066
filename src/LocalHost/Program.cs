using System.CommandLine;
using System.CommandLine.Parsing;
using Fanfold.LocalHost;
using Fanfold.LocalHost.Verbs;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Spectre.Console;

using var interrupts = new Interrupts();
StandardError.MakeOptional();
// A pipe has no width; tables that wrap at 80 columns are no use to grep.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 240;
var root = new RootCommand("fanfold: filter → reduce → concat, once per value of a column, over Parquet data that do not fit in memory.")
{
    DemoVerb.Create(), PlanVerb.Create(), RunVerb.Create(), StatusVerb.Create(), WatchVerb.Create(), ResultVerb.Create(), CancelVerb.Create(), RedriveVerb.Create(), PurgeVerb.Create(), ServeVerb.Create(), InspectVerb.Create(), ValidateVerb.Create(), DoctorVerb.Create(), CompletionsVerb.Create(),
};
// As many commands are asked.
string[] asked = args switch { ["help", .. var verb] => [.. verb, "--help"], ["version"] => ["--version"], _ => args };
try
{
    return await RunAsync(root.Parse(asked));
}
catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
{
    // Stores and files have failures of their own, so this one is stdout's; a closed one is no access.
    Console.Error.WriteLine($"error: stdout can't be written ({unwritable.Message.TrimEnd('.')}). What the command did stays; make room, and ask again.");
    return ExitCode.Failed;
}

IReadOnlyList<RunError> Faults(ParseResult parsed)
{
    var verbs = root.Subcommands.Select(verb => verb.Name).ToList();
    if (asked is [var word, ..] && word is not ['-' or '[', ..] && !verbs.Contains(word)) return [new RunError("usage", $"'{word}' is no verb{Suggestion.For(word, verbs)}")];
    // The parser takes the next option for the value of one whose value was forgotten.
    var options = parsed.CommandResult.Command.Options.SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet();
    var forgotten = parsed.CommandResult.Children.OfType<OptionResult>().Where(option => option.Tokens is [var token] && options.Contains(token.Value)).Select(option => new RunError("usage", $"Required argument missing for option: '{option.Option.Name}'.")).ToList();
    if (forgotten.Count > 0) return forgotten;
    // The parser's own words, without the names of types and the tabs of its lists.
    return [.. parsed.Errors.Select(error => new RunError("usage", error.Message.Replace("\t", "  ", StringComparison.Ordinal).Replace("as expected type 'System.Nullable`1[System.Int32]'", "as a whole number", StringComparison.Ordinal).Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal)))];
}

async Task<int> RunAsync(ParseResult parsed)
{
    // Also where the rest of the line can't be parsed: whoever asked for a document reads one.
    var json = args.Contains("--json");
    if (args.Length == 0)
    {
        Console.Error.WriteLine("Name a verb; `fanfold demo --serve` shows what it is all for.");
        await root.Parse("--help").InvokeAsync(new InvocationConfiguration { Output = Console.Error });
        return ExitCode.Usage;
    }
    if (Faults(parsed) is { Count: > 0 } faults)
    {
        SpecFile.Refuse(faults, json);
        Console.Error.WriteLine("`fanfold --help` shows the verbs, `fanfold VERB --help` their options.");
        return ExitCode.Usage;
    }
    using var telemetry = TelemetryExport.Start(ownsStdout: args is ["serve", ..], out var fault);
    if (fault is not null) return SpecFile.Refuse([new RunError("usage", fault)], json);
    try
    {
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interrupts.Token);
    }
    catch (OperationCanceledException) when (interrupts.Token.IsCancellationRequested)
    {
        return SpecFile.Refuse([new RunError("interrupted", "Interrupted before a run began; nothing is left to go on with.")], json);
    }
    catch (StorageException failure)
    {
        return SpecFile.Refuse([RunActivities.StorageError(failure)], json);
    }
    catch (RunStateException refused)
    {
        return SpecFile.Refuse([new RunError(refused.Code, refused.Message)], json);
    }
    catch (Exception bug) when (bug is not (IOException or UnauthorizedAccessException))
    {
        Console.Error.WriteLine(TerminalText.Safe(Secrets.Hide(bug.ToString())));
        return SpecFile.Refuse([new RunError("bug", $"This is a defect of fanfold: {bug.Message} Please report it with the lines above. A run that was under way stays, and goes on under its id.")], json);
    }
}
