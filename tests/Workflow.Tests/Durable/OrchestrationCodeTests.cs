using System.Reflection;
using System.Runtime.CompilerServices;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Durable;

/// <summary>What the code of workflows uses: all that is not on the list is banned, since clocks, randomness, threads and I/O would differ in a replay.</summary>
public class OrchestrationCodeTests
{
    /// <summary>The code that is replayed, with the closures and state machines inside.</summary>
    static readonly string[] Replayed = ["RunOrchestration", "FanOut", "Retries", "Tried"];

    /// <summary>What is data, and the context itself.</summary>
    static readonly string[] Own =
    [
        "WorkflowContext", "RunPayload", "RunRequest", "PlanRequest", "PlanReference", "TaskRequest", "TaskResult", "TaskRange", "TaskPiece", "TaskOutcome", "MergeRequest", "CombineRequest",
        "CombineResult", "FinishRequest", "ChunkRequest", "ChunkResult", "DriveStep", "DriveEnd", "RunProgress", "RunEnd", "RunStatus", "RunStop", "Activity`2", "Workflow`2", "WorkflowJson",
    ];

    [Fact]
    public void Workflows_UseOnlyWhatReplaysAlike()
    {
        var methods = ReplayedCode.MethodsOf(typeof(RunOrchestration).Assembly.GetTypes().Where(type => Replayed.Contains(ReplayedCode.Outermost(type).Name))).ToList();

        var faults = methods.SelectMany(method => ReplayedCode.Used(method).Where(used => !IsAllowed(used)).Select(used => $"{method.DeclaringType!.Name}.{method.Name} uses {used.DeclaringType}.{used.Name}")).Distinct().ToList();

        Assert.True(methods.Count > 40, $"{methods.Count} methods were looked at");
        Assert.True(faults.Count == 0, string.Join("\n", faults));
    }

    /// <summary>The rule itself sees what it bans.</summary>
    [Theory]
    [InlineData(nameof(Clock))]
    [InlineData(nameof(Chance))]
    [InlineData(nameof(Pool))]
    [InlineData(nameof(Wait))]
    [InlineData(nameof(File))]
    public void Rule_CodeThatDoesNotReplayAlike_IsSeen(string name) =>
        Assert.Contains(ReplayedCode.MethodsOf([typeof(OrchestrationCodeTests)]).Where(method => method.Name == name).SelectMany(ReplayedCode.Used), used => !IsAllowed(used));

    static DateTimeOffset Clock() => DateTimeOffset.UtcNow;

    static Guid Chance() => Guid.NewGuid();

    static Task Pool() => Task.Run(static () => { });

    static Task Wait() => Task.Delay(1, CancellationToken.None);

    static bool File() => System.IO.File.Exists("x");

    static bool IsAllowed(MemberInfo member)
    {
        if (ReplayedCode.IsOfPlatform(member) is { } allowed) return allowed;
        var (type, definition) = (member.DeclaringType!, ReplayedCode.DefinitionOf(member.DeclaringType!));
        if (definition.IsDefined(typeof(CompilerGeneratedAttribute)) && Replayed.Contains(ReplayedCode.Outermost(definition).Name)) return true;
        // Of the activities only their names and forms, never their code.
        if (ReplayedCode.Outermost(definition).Name == nameof(RunActivities)) return member is FieldInfo { IsInitOnly: true };
        return type.Assembly.GetName().Name is "Workflow" or "Worker" && (Replayed.Contains(ReplayedCode.Outermost(definition).Name) || Own.Contains(definition.Name))
            // What the compiler makes for collection expressions.
            || definition.Namespace is null && definition.Name.StartsWith('<');
    }
}
