using System.CommandLine;

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
