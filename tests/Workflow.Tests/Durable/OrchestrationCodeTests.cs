using System.Reflection;
using System.Reflection.Emit;
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

    static readonly HashSet<Type> Platform =
    [
        typeof(object), typeof(string), typeof(int), typeof(Math), typeof(TimeSpan), typeof(DateTimeOffset), typeof(Nullable<>), typeof(ArgumentException), typeof(Array), typeof(IDisposable), typeof(ReadOnlySpan<>),
        typeof(Enumerable), typeof(List<>), typeof(Stack<>), typeof(SortedSet<>), typeof(IEnumerable<>), typeof(IEnumerator<>), typeof(System.Collections.IEnumerator), typeof(IReadOnlyList<>), typeof(IReadOnlyCollection<>), typeof(EqualityComparer<>), typeof(IEquatable<>), typeof(System.Text.StringBuilder),
        typeof(Func<>), typeof(Func<,>), typeof(Func<,,>), typeof(Task), typeof(Task<>), typeof(TaskAwaiter), typeof(TaskAwaiter<>), typeof(AsyncTaskMethodBuilder), typeof(AsyncTaskMethodBuilder<>), typeof(IAsyncStateMachine),
        typeof(RuntimeHelpers), typeof(DefaultInterpolatedStringHandler), typeof(System.Text.Json.JsonElement),
    ];

    static readonly string[] Banned = ["get_Now", "get_UtcNow", "Run", "Delay", "Yield", "ConfigureAwait", "ContinueWith", "Wait", "get_Result", "get_Factory", "get_CurrentId", "AsParallel"];

    [Fact]
    public void Workflows_UseOnlyWhatReplaysAlike()
    {
        var methods = MethodsOf(typeof(RunOrchestration).Assembly.GetTypes().Where(type => Replayed.Contains(Outermost(type).Name))).ToList();

        var faults = methods.SelectMany(method => Used(method).Where(used => !IsAllowed(used)).Select(used => $"{method.DeclaringType!.Name}.{method.Name} uses {used.DeclaringType}.{used.Name}")).Distinct().ToList();

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
        Assert.Contains(MethodsOf([typeof(OrchestrationCodeTests)]).Where(method => method.Name == name).SelectMany(Used), used => !IsAllowed(used));

    static DateTimeOffset Clock() => DateTimeOffset.UtcNow;

    static Guid Chance() => Guid.NewGuid();

    static Task Pool() => Task.Run(static () => { });

    static Task Wait() => Task.Delay(1, CancellationToken.None);

    static bool File() => System.IO.File.Exists("x");

    static bool IsAllowed(MemberInfo member)
    {
        if (member.DeclaringType is not { } type) return false;
        if (type.IsArray) return true;
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (Platform.Contains(definition)) return !(Banned.Contains(member.Name) && definition.Assembly == typeof(object).Assembly);
        if (definition.IsDefined(typeof(CompilerGeneratedAttribute)) && Replayed.Contains(Outermost(definition).Name)) return true;
        // Of the activities only their names and forms, never their code.
        if (Outermost(definition).Name == nameof(RunActivities)) return member is FieldInfo { IsInitOnly: true };
        return type.Assembly.GetName().Name is "Workflow" or "Worker" && (Replayed.Contains(Outermost(definition).Name) || Own.Contains(definition.Name))
            // What the compiler makes for collection expressions.
            || definition.Namespace is null && definition.Name.StartsWith('<');
    }

    static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    static IEnumerable<MethodBase> MethodsOf(IEnumerable<Type> types)
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return types.SelectMany(type => type.GetMethods(all).Cast<MethodBase>().Concat(type.GetConstructors(all)));
    }

    static readonly Dictionary<short, OpCode> OpCodes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The methods and fields that a method's code names.</summary>
    static IEnumerable<MemberInfo> Used(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code) yield break;
        var (typeArguments, methodArguments) = (method.DeclaringType!.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : []);
        for (var at = 0; at < code.Length;)
        {
            var opCode = OpCodes[code[at] == 0xFE ? (short)(0xFE00 | code[++at]) : code[at]];
            at++;
            if (opCode.OperandType is OperandType.InlineMethod or OperandType.InlineField)
                yield return method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments)!;
            at += opCode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }
}
