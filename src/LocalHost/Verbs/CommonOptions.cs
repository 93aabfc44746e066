using System.CommandLine;
using System.CommandLine.Parsing;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Verbs;

/// <summary>Options that several verbs share; each verb gets instances of its own.</summary>
static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print one JSON document on stdout." };

    public static Option<string?> Store() => Checked(new("--store")
    {
        Description = $"The store for source, run state and results: a directory, https://ACCOUNT.blob.core.windows.net, or UseDevelopmentStorage=true for Azurite. Default: {Stores.DefaultRoot}",
        HelpName = "S",
    });

    public static Option<string?> Data() => Checked(new("--data") { Description = "The store for the source alone, read only.", HelpName = "S" });

    /// <summary>The worker; its value is checked, that of the environment too.</summary>
    public static Option<string?> Worker()
    {
        var option = new Option<string?>("--worker")
        {
            Description = $"Your own worker, with the plug-ins that specs name: an executable, or a .dll. Default: {WorkerVariable}, else fanfold's own.",
            HelpName = "PATH",
            DefaultValueFactory = static _ => Environment.GetEnvironmentVariable(WorkerVariable) is { Length: > 0 } path ? path : null,
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } path && !File.Exists(path))
                result.AddError($"{(result.Implicit ? WorkerVariable : option.Name)}: there is no worker '{TerminalText.Safe(path)}'; name the program that `dotnet build` or `dotnet publish` made.");
        });
        return option;
    }

    /// <summary>Null for process.</summary>
    public static Option<string?> Isolation()
    {
        var option = new Option<string?>("--isolation") { Description = "process, the default: each task in a process of its own. none: all in this one, without a memory cap." };
        option.AcceptOnlyFromAmong("process", "none");
        return option;
    }

    /// <summary>What was typed for an option, also where it can't be parsed; null when nothing was. For validators: a value that can't be parsed can't be asked for.</summary>
    public static string? Typed(CommandResult result, Option option) => result.GetResult(option) is { Implicit: false, Tokens: [.., var token] } ? token.Value : null;

    /// <summary>Makes it a fault of the command line to name a worker that would not be used.</summary>
    public static void Exclude(Command command, Option<string?> isolation, Option<string?> worker) => command.Validators.Add(result =>
    {
        if (Typed(result, isolation) == "none" && result.GetResult(worker) is { Implicit: false }) result.AddError("--worker and --isolation none exclude each other: a worker is a process of its own.");
    });

    /// <param name="path">The value of that option.</param>
    public static WorkerCommand Worker(string? path) => path is null ? WorkerCommand.Find() : WorkerCommand.At(Path.GetFullPath(path));

    const string WorkerVariable = "FANFOLD_WORKER";

    public static Argument<string> Run() => new("RUN") { Description = "The run's id." };

    public static Argument<string> Spec() => new("SPEC") { Description = "The spec, a JSON file; - reads stdin." };

    static Option<string?> Checked(Option<string?> option)
    {
        option.Validators.Add(result =>
        {
            if (Stores.Fault(result.GetValueOrDefault<string?>()) is { } fault) result.AddError($"{option.Name}: {fault}");
        });
        return option;
    }
}
