using System.CommandLine;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold validate SPEC</c></summary>
static class ValidateVerb
{
    public static Command Create()
    {
        var spec = CommonOptions.Spec();
        var json = CommonOptions.Json();
        var command = new Command("validate", "Check a spec without touching any store.") { spec, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (read, exitCode) = await SpecFile.ReadAsync(parsed.GetValue(spec)!, parsed.GetValue(json), cancellationToken);
            if (read is null) return exitCode;
            if (parsed.GetValue(json)) CommandJson.Write(new ValidDocument(true, read.ComputeHash()), CommandJson.Default.ValidDocument);
            else Console.WriteLine($"The spec is valid; its hash is {read.ComputeHash()}.");
            return ExitCode.Succeeded;
        });
        return command;
    }
}
