using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Fanfold.Workflow.Tests.Durable;

/// <summary>What code names, and what of the platform replays alike.</summary>
static class ReplayedCode
{
    static readonly HashSet<Type> Platform =
    [
        typeof(object), typeof(string), typeof(int), typeof(Math), typeof(TimeSpan), typeof(DateTimeOffset), typeof(Nullable<>), typeof(ArgumentException), typeof(InvalidOperationException), typeof(System.Runtime.ExceptionServices.ExceptionDispatchInfo), typeof(Array), typeof(IDisposable), typeof(ReadOnlySpan<>),
        typeof(Enumerable), typeof(DateTime), typeof(CancellationToken), typeof(List<>), typeof(Stack<>), typeof(SortedSet<>), typeof(IEnumerable<>), typeof(IEnumerator<>), typeof(System.Collections.IEnumerator), typeof(IReadOnlyList<>), typeof(IReadOnlyCollection<>), typeof(EqualityComparer<>), typeof(IEquatable<>), typeof(System.Text.StringBuilder),
        typeof(Func<>), typeof(Func<,>), typeof(Func<,,>), typeof(Task), typeof(Task<>), typeof(TaskAwaiter), typeof(TaskAwaiter<>), typeof(AsyncTaskMethodBuilder), typeof(AsyncTaskMethodBuilder<>), typeof(IAsyncStateMachine),
        typeof(RuntimeHelpers), typeof(DefaultInterpolatedStringHandler), typeof(System.Text.Json.JsonElement),
    ];

    static readonly string[] Banned = ["get_Now", "get_UtcNow", "Run", "Delay", "Yield", "ConfigureAwait", "ContinueWith", "Wait", "get_Result", "get_Factory", "get_CurrentId", "AsParallel"];

    /// <summary>Whether a member of the platform, or of an array, may be used; null for one of neither.</summary>
    public static bool? IsOfPlatform(MemberInfo member)
    {
        if (member.DeclaringType is not { } type) return false;
        if (type.IsArray) return true;
        var definition = DefinitionOf(type);
        return Platform.Contains(definition) ? !(Banned.Contains(member.Name) && definition.Assembly == typeof(object).Assembly) : null;
    }

    public static Type DefinitionOf(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    public static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    public static IEnumerable<MethodBase> MethodsOf(IEnumerable<Type> types)
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return types.SelectMany(type => type.GetMethods(all).Cast<MethodBase>().Concat(type.GetConstructors(all)));
    }

    static readonly Dictionary<short, OpCode> OpCodes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The methods and fields that a method's code names.</summary>
    public static IEnumerable<MemberInfo> Used(MethodBase method)
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
