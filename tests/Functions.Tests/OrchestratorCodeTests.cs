using System.Reflection;
using System.Runtime.CompilerServices;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Tests.Durable;

namespace Fanfold.Functions.Tests;

/// <summary>The app's own code that Durable replays uses what Durable's context gives it, data, and the workflows themselves; all else is banned, as in <see cref="RunOrchestration"/>.</summary>
public class OrchestratorCodeTests
{
    static readonly string[] Replayed = [nameof(Orchestrators), nameof(DurableWorkflow)];

    /// <summary>What is data or the context, decides by its arguments alone, or logs outside of replays.</summary>
    static readonly string[] Own =
    [
        "WorkflowContext", "RunPaths", "RunPayload", "RunRequest", "RunRecord", "RunProgress", "DriveStep", "DriveProgress", "DriveFailure", "Activity`2", "Workflow`2", "WorkflowJson", nameof(RunOrchestration),
        nameof(DriveInput), nameof(Failures), nameof(Log),
    ];

    [Fact]
    public void Orchestrators_UseOnlyWhatReplaysAlike()
    {
        var methods = ReplayedCode.MethodsOf(typeof(Orchestrators).Assembly.GetTypes().Where(type => Replayed.Contains(ReplayedCode.Outermost(type).Name))).ToList();

        var faults = methods.SelectMany(method => ReplayedCode.Used(method).Where(used => !IsAllowed(used)).Select(used => $"{method.DeclaringType!.Name}.{method.Name} uses {used.DeclaringType}.{used.Name}")).Distinct().ToList();

        Assert.True(methods.Count > 15, $"{methods.Count} methods were looked at");
        Assert.True(faults.Count == 0, string.Join("\n", faults));
    }

    /// <summary>The rule itself sees what it bans.</summary>
    [Fact]
    public void Rule_CodeThatDoesNotReplayAlike_IsSeen() =>
        Assert.All((string[])[nameof(Clock), nameof(Chance), nameof(Pause)], name => Assert.Contains(ReplayedCode.MethodsOf([typeof(OrchestratorCodeTests)]).Where(method => method.Name == name).SelectMany(ReplayedCode.Used), used => !IsAllowed(used)));

    static DateTime Clock() => DateTime.UtcNow;

    static Guid Chance() => Guid.NewGuid();

    static Task Pause() => Task.Delay(1, CancellationToken.None);

    static bool IsAllowed(MemberInfo member)
    {
        if (ReplayedCode.IsOfPlatform(member) is { } allowed) return allowed;
        var (type, definition) = (member.DeclaringType!, ReplayedCode.DefinitionOf(member.DeclaringType!));
        if (Replayed.Contains(ReplayedCode.Outermost(definition).Name)) return true;
        // Of the activities only their names and forms, never their code.
        if (ReplayedCode.Outermost(definition).Name == nameof(RunActivities)) return member is FieldInfo { IsInitOnly: true };
        return type.Namespace == "Microsoft.DurableTask" || type.FullName == "System.Text.Json.JsonSerializer"
            || type.Assembly.GetName().Name is "Workflow" or "Worker" or "fanfold-functions" or "Functions" && Own.Contains(definition.Name)
            || definition.Namespace is null && definition.Name.StartsWith('<') && definition.IsDefined(typeof(CompilerGeneratedAttribute));
    }
}
