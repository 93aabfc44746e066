using System.Reflection;
using System.Text.Json;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.DurableTask;

namespace Fanfold.Functions.Tests;

/// <summary>What the Functions host finds in the compiled app.</summary>
public class SurfaceTests
{
    static readonly IReadOnlyList<MethodInfo> Functions = [.. typeof(App).Assembly.GetTypes().SelectMany(static type => type.GetMethods()).Where(static method => method.GetCustomAttribute<FunctionAttribute>() is not null)];

    static string NameOf(MethodInfo function) => function.GetCustomAttribute<FunctionAttribute>()!.Name;

    static T? TriggerOf<T>(MethodInfo function) where T : TriggerBindingAttribute => function.GetParameters().Select(static parameter => parameter.GetCustomAttribute<T>()).FirstOrDefault(static trigger => trigger is not null);

    [Fact]
    public void Names_AreUnique_AndThoseOfTheMethods()
    {
        Assert.True(Functions.Count > 20);
        Assert.Equal(Functions.Count, Functions.Select(NameOf).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(Functions, static function => Assert.Equal(function.Name, NameOf(function)));
    }

    [Fact]
    public void EachFunction_HasOneTrigger() =>
        Assert.All(Functions, static function => Assert.Single(function.GetParameters(), static parameter => parameter.GetCustomAttributes<TriggerBindingAttribute>().Any()));

    [Fact]
    public void Activities_AreThoseThatTheWorkflowCalls()
    {
        var called = typeof(RunActivities).GetFields(BindingFlags.Public | BindingFlags.Static).Where(static field => field.FieldType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Activity<,>)).Select(static field => field.Name);
        Assert.Equal(called.Order(), Functions.Where(static function => TriggerOf<ActivityTriggerAttribute>(function) is not null).Select(NameOf).Order());
        Assert.All(Functions.Where(static function => TriggerOf<ActivityTriggerAttribute>(function) is not null), static function =>
        {
            Assert.Equal([typeof(JsonElement), typeof(CancellationToken)], function.GetParameters().Select(static parameter => parameter.ParameterType));
            Assert.Equal(typeof(Task<JsonElement>), function.ReturnType);
        });
    }

    [Fact]
    public void Orchestrators_AreTheDriveAndTheWorkflowsThatItCalls()
    {
        // The run itself is a part of its drive.
        var workflows = typeof(RunOrchestration).GetFields(BindingFlags.Public | BindingFlags.Static).Where(static field => field.FieldType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Workflow<,>))
            .Select(static field => field.Name).Except([nameof(RunOrchestration.Run)]);
        var orchestrators = Functions.Where(static function => TriggerOf<OrchestrationTriggerAttribute>(function) is not null).ToList();
        Assert.Equal(workflows.Order(), orchestrators.Select(NameOf).Order());
        Assert.All(orchestrators, static function => Assert.Equal(typeof(TaskOrchestrationContext), Assert.Single(function.GetParameters()).ParameterType));
    }

    [Fact]
    public void Routes_AreThoseOfTheApiAndThePage()
    {
        var served = Functions.Select(function => (Function: function, Trigger: TriggerOf<HttpTriggerAttribute>(function))).Where(static one => one.Trigger is not null)
            .Select(static one => (Assert.Single(one.Trigger!.Methods!).ToUpperInvariant(), "/" + one.Trigger.Route!.TrimStart('/'), JsonNamingPolicy.CamelCase.ConvertName(NameOf(one.Function)), one.Trigger.AuthLevel));
        Assert.Equal(Routes.All.Select(static route => (route.Method, route.Template, route.Name, AuthorizationLevel.Function)).Order(), served.Order());
    }

    [Fact]
    public void BlobTriggers_TakeWhatTheWorkflowTakes_EachOnceByPollingAndOnceByEvents()
    {
        var triggers = Functions.Select(function => (Name: NameOf(function), Trigger: TriggerOf<BlobTriggerAttribute>(function))).Where(static one => one.Trigger is not null).ToList();
        Assert.Equal(4, triggers.Count);
        foreach (var (name, trigger) in triggers)
        {
            Assert.Equal(name.EndsWith("Event", StringComparison.Ordinal) ? BlobTriggerSource.EventGrid : BlobTriggerSource.LogsAndContainerScan, trigger!.Source);
            var path = trigger.BlobPath.Replace("%DataContainer%", "lake", StringComparison.Ordinal).Replace("{name}", "daily", StringComparison.Ordinal).Replace("{folder}", "trips/2026", StringComparison.Ordinal);
            Assert.NotNull(trigger.Connection == AppSettings.StateStorage ? RunTrigger.OfState(path) : trigger.Connection == AppSettings.DataStorage ? RunTrigger.OfData(path) : null);
        }
    }

    [Fact]
    public void Payloads_SurviveTheFunctionsSerializer()
    {
        var request = JsonSerializer.SerializeToElement(new RunRequest("a", Fresh: true) { Redrive = 3, Deadline = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1234567) }, WorkflowJson.Default.RunRequest);
        var passed = JsonSerializer.Deserialize<DriveInput>(JsonSerializer.Serialize(new DriveInput(request, 2), FakeDurable.Serializer), FakeDurable.Serializer)!;
        Assert.Equal(2, passed.Stops);
        Assert.True(JsonElement.DeepEquals(request, passed.Request), passed.Request.GetRawText());
        Assert.Equal(new RunPaths("a", 3), RunPayload.PathsOf(passed.Request));
    }
}
