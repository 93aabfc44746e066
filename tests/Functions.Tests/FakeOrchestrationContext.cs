using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanfold.Functions.Tests;

/// <summary>One execution of an orchestrator. Its code runs on one thread at a time, as Durable has it, whichever activity's end wakes it.</summary>
sealed class FakeOrchestrationContext(FakeDurable durable, string name, string instance, JsonElement input) : TaskOrchestrationContext
{
    readonly TaskScheduler _oneAtATime = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    int _guids;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What the execution asked to begin anew with; null when it ended.</summary>
    public JsonElement? NewInput { get; private set; }

    public override TaskName Name => name;

    public override string InstanceId => instance;

    public override ParentOrchestrationInstance? Parent => null;

    public override DateTime CurrentUtcDateTime => durable.Now;

    public override bool IsReplaying => false;

    protected override ILoggerFactory LoggerFactory => NullLoggerFactory.Instance;

    public Task<JsonElement> RunAsync(Func<TaskOrchestrationContext, Task<JsonElement>> orchestrator) =>
        Task.Factory.StartNew(() => orchestrator(this), Cancellation, TaskCreationOptions.DenyChildAttach, _oneAtATime).Unwrap();

    public override T? GetInput<T>() where T : default => input.Deserialize<T>(FakeDurable.Serializer);

    public override async Task<TResult> CallActivityAsync<TResult>(TaskName activity, object? passed = null, TaskOptions? options = null)
    {
        var payload = JsonSerializer.SerializeToElement(passed, FakeDurable.Serializer);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var result = await Task.Run(() => durable.CallAsync(activity, payload, Cancellation), Cancellation);
                return JsonSerializer.SerializeToElement(result, FakeDurable.Serializer).Deserialize<TResult>(FakeDurable.Serializer)!;
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                var details = new TaskFailureDetails(failure.GetType().FullName!, failure.Message, null, null, null);
                if (options?.Retry?.Policy is not { } policy || attempt >= policy.MaxNumberOfAttempts || policy.Handles?.Invoke(details) == false) throw new TaskFailedException(activity, 0, details);
                durable.Wait(policy.FirstRetryInterval);
            }
        }
    }

    public override async Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestrator, object? passed = null, TaskOptions? options = null)
    {
        var part = Assert.IsType<SubOrchestrationOptions>(options).InstanceId!;
        durable.Parts.Add(part);
        try
        {
            var result = await new FakeOrchestrationContext(durable, orchestrator, part, JsonSerializer.SerializeToElement(passed, FakeDurable.Serializer)).RunAsync(FakeDurable.OrchestratorOf(orchestrator));
            return result.Deserialize<TResult>(FakeDurable.Serializer)!;
        }
        catch (TaskFailedException failure)
        {
            throw new TaskFailedException(orchestrator, 0, new TaskFailureDetails(typeof(TaskFailedException).FullName!, failure.Message, null, failure.FailureDetails, null));
        }
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        durable.Wait(fireAt - CurrentUtcDateTime);
        return Task.CompletedTask;
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => NewInput = JsonSerializer.SerializeToElement(newInput, FakeDurable.Serializer);

    public override Guid NewGuid() => new(++_guids, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();

    public override void SetCustomStatus(object? customStatus) => throw new NotSupportedException("Progress lies in the run's state.");
}
