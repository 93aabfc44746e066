using System.Reflection;
using System.Text.Json;
using DurableTask.Core.Exceptions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Fanfold.Functions.Tests;

/// <summary>
/// Durable as the app meets it: instances by id, orchestrators and activities by the names of their functions, payloads through the Functions serializer, failures as types' names and messages. Timers fire
/// at once, on a clock of its own. It keeps no history; that the workflow replays is what the tests of the local engine show.
/// </summary>
sealed class FakeDurable(Activities activities) : DurableTaskClient("fake")
{
    /// <summary>As the Functions worker has them where nothing else is configured.</summary>
    public static readonly JsonSerializerOptions Serializer = new() { PropertyNameCaseInsensitive = true };

    readonly Dictionary<string, (string Orchestrator, JsonElement Input, StartOrchestrationOptions? Options)> _scheduled = [];

    /// <summary>Told of each activity before it runs; what it throws is what became of the activity's host.</summary>
    public Action<string, JsonElement> BeforeActivity { get; set; } = static (_, _) => { };

    public List<string> Called { get; } = [];

    /// <summary>Instances that are parts of others.</summary>
    public List<string> Parts { get; } = [];

    public List<TimeSpan> Timers { get; } = [];

    public IReadOnlyCollection<string> Scheduled => _scheduled.Keys;

    public StartOrchestrationOptions? OptionsOf(string instance) => _scheduled[instance].Options;

    /// <summary>Instances that are under way, which can't be started again.</summary>
    public HashSet<string> Running { get; } = [];

    public DateTime Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public override Task<string> ScheduleNewOrchestrationInstanceAsync(TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        var instance = options!.InstanceId!;
        if (Running.Contains(instance)) throw new OrchestrationAlreadyExistsException($"An Orchestration instance with the status Running already exists.");
        _scheduled[instance] = (orchestratorName, JsonSerializer.SerializeToElement(input, Serializer), options);
        return Task.FromResult(instance);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Runs an instance to its end; each time that it begins anew counts.</summary>
    public async Task<int> RunAsync(string instance)
    {
        var (orchestrator, input, _) = _scheduled[instance];
        for (var executions = 1; ; executions++)
        {
            var context = new FakeOrchestrationContext(this, orchestrator, instance, input);
            await context.RunAsync(OrchestratorOf(orchestrator));
            if (context.NewInput is not { } anew) return executions;
            input = anew;
        }
    }

    public void Wait(TimeSpan time)
    {
        Timers.Add(time);
        Now += time;
    }

    public async Task<JsonElement> CallAsync(string name, JsonElement input, CancellationToken cancellationToken)
    {
        lock (Called) Called.Add(name);
        var method = Functions(typeof(Activities))[name];
        BeforeActivity(name, input);
        return await (Task<JsonElement>)method.Invoke(activities, [input, cancellationToken])!;
    }

    public static Func<TaskOrchestrationContext, Task<JsonElement>> OrchestratorOf(string name) => Functions(typeof(Orchestrators))[name].CreateDelegate<Func<TaskOrchestrationContext, Task<JsonElement>>>();

    static Dictionary<string, MethodInfo> Functions(Type type) =>
        type.GetMethods().Where(static method => method.GetCustomAttribute<FunctionAttribute>() is not null).ToDictionary(static method => method.GetCustomAttribute<FunctionAttribute>()!.Name);
}
