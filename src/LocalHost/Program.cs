using System.CommandLine;
using Fanfold.LocalHost;
using Fanfold.LocalHost.Verbs;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Spectre.Console;

// A pipe has no width; tables that wrap at 80 columns are no use to grep.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 240;
var root = new RootCommand("fanfold: filter → reduce → concat, once per value of a column, over Parquet data that do not fit in memory.")
{
    DemoVerb.Create(), PlanVerb.Create(), RunVerb.Create(), StatusVerb.Create(), InspectVerb.Create(), ValidateVerb.Create(),
};
var parsed = root.Parse(args);
// Also where the rest of the line can't be parsed: whoever asked for a document reads one.
var json = args.Contains("--json");
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors) Console.Error.WriteLine(TerminalText.Safe(error.Message));
    Console.Error.WriteLine("`fanfold --help` shows the verbs, `fanfold VERB --help` their options.");
    if (json) CommandJson.Write(new ErrorDocument(null, null, [.. parsed.Errors.Select(error => new RunError("usage", error.Message))]), CommandJson.Default.ErrorDocument);
    return ExitCode.Usage;
}
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("interrupted");
    return ExitCode.Interrupted;
}
catch (StorageException failure)
{
    return SpecFile.Refuse([RunActivities.StorageError(failure)], json);
}
catch (RunStateException refused)
{
    return SpecFile.Refuse([new RunError(refused.Code, refused.Message)], json);
}
catch (Exception bug)
{
    Console.Error.WriteLine(TerminalText.Safe(bug.ToString()));
    return SpecFile.Refuse([new RunError("bug", $"This is a defect of fanfold: {bug.Message} Please report it with the lines above. A run that was under way stays, and goes on under its id.")], json);
}
