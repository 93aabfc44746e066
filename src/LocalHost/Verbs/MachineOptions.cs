using System.CommandLine;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost.Verbs;

/// <summary>Options that say what of this machine a run may use.</summary>
sealed class MachineOptions
{
    public Option<string?> Memory { get; } = Size("--max-memory",
        "The most memory of one worker. A task that neither its cap nor a split is enough for runs again alone with as much. Default: three quarters of what this process may use.");

    public Option<string?> Scratch { get; } = Folder("--scratch", "Where workers put what does not fit in memory. Default: the system's folder for temporary files.");

    public Option<string?> ScratchSize { get; } = Size("--scratch-size", "What all workers together may put there. Default: half of what is free there now.");

    public IReadOnlyList<Option> All => [Memory, Scratch, ScratchSize];

    public HostCapacity Read(ParseResult parsed) => HostCapacity.OfThisMachine(Bytes(parsed.GetValue(Memory)), parsed.GetValue(Scratch), Bytes(parsed.GetValue(ScratchSize)));

    public static HostCapacity Default => HostCapacity.OfThisMachine();

    static long? Bytes(string? size) => size is not null && ByteSize.TryParse(size, out var parsed) ? parsed.Bytes : null;

    static Option<string?> Size(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "SIZE" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } size && Bytes(size) is not > 0) result.AddError($"{name} '{TerminalText.Safe(size)}': write a size with its unit, such as 4GiB.");
        });
        return option;
    }

    static Option<string?> Folder(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "FOLDER" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } folder && !Directory.Exists(folder)) result.AddError($"{name} '{TerminalText.Safe(folder)}': there is no such folder; make it, or name another.");
        });
        return option;
    }
}
