using System.Diagnostics;
using System.Text.RegularExpressions;
using Fanfold.Engine.Tests;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>The hook that subscribes the blob triggers, with a command in the place of az that writes down how it was called.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed partial class PostDeployTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fanfold-tests-");

    string Calls => Path.Combine(_folder.FullName, "calls");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Hook_DeploysTheSubscriptions_WithWhatMainPutsOut()
    {
        Assert.Equal((0, ""), Run(Deployment.Outputs.ToDictionary(static name => name, static name => "value-of-" + name)));
        var call = File.ReadAllText(Calls);
        Assert.StartsWith("deployment group create ", call, StringComparison.Ordinal);
        Assert.Contains("--resource-group value-of-AZURE_RESOURCE_GROUP", call, StringComparison.Ordinal);
        var passed = Passed().Matches(call).ToDictionary(static match => match.Groups[1].Value, static match => match.Groups[2].Value);
        Assert.Equal(Bicep.Events["parameters"]!.AsObject().Select(static parameter => parameter.Key).Order(), passed.Keys.Order());
        Assert.Equal(("FANFOLD_FUNCTION_APP", "FANFOLD_DATA_CONTAINER"), (passed["functionAppName"], passed["dataContainer"]));
        Assert.Equal(("FANFOLD_STATE_TOPIC", "FANFOLD_DATA_TOPIC"), (passed["stateTopicName"], passed["dataTopicName"]));
        Assert.Equal(Path.GetFullPath(Path.Combine(Repository.Root, "infra/events.bicep")), Path.GetFullPath(Template().Match(call).Groups[1].Value));
    }

    [Fact]
    public void Hook_WithoutItsEnvironment_SaysSo_AndCallsNothing()
    {
        var (code, errors) = Run([]);
        Assert.NotEqual(0, code);
        Assert.Contains("AZURE_RESOURCE_GROUP", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Calls));
    }

    [Fact]
    public void BothHooks_ReadTheSame()
    {
        static IEnumerable<string> Names(string file) =>
            Variable().Matches(Repository.Read(file)).Select(static match => match.Value).Distinct().Order();
        var names = Names("scripts/postdeploy.sh");
        Assert.Equal(names, Names("scripts/postdeploy.ps1"));
        Assert.All(names, static name => Assert.Contains(name, Deployment.Outputs));
    }

    [Fact]
    public void Azd_FindsTheService_AndTheHooks()
    {
        var azure = Repository.Read("azure.yaml");
        Assert.Matches(@"(?m)^services:\n  app:\n    project: \./src/Functions\n    language: dotnet\n    host: function$", azure);
        Assert.Contains("'azd-service-name', 'app'", (string)Deployment.App.Json["tags"]!, StringComparison.Ordinal);
        var hooks = Hook().Matches(azure).Select(static match => Path.Combine(Repository.Root, match.Groups[1].Value)).ToList();
        Assert.Equal(2, hooks.Count);
        Assert.All(hooks, static hook => Assert.True(File.Exists(hook), hook));
        Assert.True(File.GetUnixFileMode(hooks[0]).HasFlag(UnixFileMode.UserExecute));
    }

    (int Code, string Errors) Run(Dictionary<string, string> environment)
    {
        var az = Path.Combine(_folder.FullName, "az");
        File.WriteAllText(az, $"#!/bin/sh\necho \"$@\" >> '{Calls}'\n");
        File.SetUnixFileMode(az, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var script = Path.Combine(Repository.Root, "scripts/postdeploy.sh");
        var start = new ProcessStartInfo("sh", [script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["PATH"] = $"{_folder.FullName}:/usr/bin:/bin";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors.Result);
    }

    [GeneratedRegex(@"(\w+)=value-of-(\w+)")]
    private static partial Regex Passed();

    [GeneratedRegex(@"--template-file (\S+)")]
    private static partial Regex Template();

    [GeneratedRegex(@"\b(AZURE|FANFOLD)_[A-Z_]+\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"run: (\S+)")]
    private static partial Regex Hook();
}
