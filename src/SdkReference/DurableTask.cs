using Fanfold.SdkReference;

namespace DurableTask.Core.Exceptions
{
    public class OrchestrationAlreadyExistsException : InvalidOperationException
    {
        public OrchestrationAlreadyExistsException()
        {
        }

        public OrchestrationAlreadyExistsException(string message) : base(message)
        {
        }

        public OrchestrationAlreadyExistsException(string message, Exception innerException) : base(message, innerException)
        {
        }
    }
}

namespace Microsoft.DurableTask
{
    public readonly struct TaskName(string name) : IEquatable<TaskName>
    {
        public string Name { get; } = name;

        public static implicit operator TaskName(string value) => new(value);

        public static implicit operator string(TaskName value) => value.Name;

        public static bool operator ==(TaskName a, TaskName b) => a.Equals(b);

        public static bool operator !=(TaskName a, TaskName b) => !a.Equals(b);

        public bool Equals(TaskName other) => string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

        public override bool Equals(object? obj) => obj is TaskName other && Equals(other);

        public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Name);

        public override string ToString() => Name;
    }

    public record TaskFailureDetails(string ErrorType, string ErrorMessage, string? StackTrace, TaskFailureDetails? InnerFailure, IDictionary<string, object?>? Properties);

    public sealed class TaskFailedException : Exception
    {
        public TaskFailedException(string taskName, int taskId, Exception innerException)
            : this(taskName, taskId, new TaskFailureDetails(innerException.GetType().FullName!, innerException.Message, innerException.StackTrace, null, null))
        {
        }

        public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails)
            : base($"Task '{taskName}' (#{taskId}) failed with an unhandled exception: {failureDetails.ErrorMessage}") => (TaskName, TaskId, FailureDetails) = (taskName, taskId, failureDetails);

        public string TaskName { get; }

        public int TaskId { get; }

        public TaskFailureDetails FailureDetails { get; }
    }

    public class RetryPolicy(int maxNumberOfAttempts, TimeSpan firstRetryInterval, double backoffCoefficient = 1.0, TimeSpan? maxRetryInterval = null, TimeSpan? retryTimeout = null)
    {
        public int MaxNumberOfAttempts { get; } = maxNumberOfAttempts;

        public TimeSpan FirstRetryInterval { get; } = firstRetryInterval;

        public double BackoffCoefficient { get; } = backoffCoefficient;

        public TimeSpan MaxRetryInterval { get; } = maxRetryInterval ?? TimeSpan.FromHours(1);

        public TimeSpan RetryTimeout { get; } = retryTimeout ?? Timeout.InfiniteTimeSpan;

        public Func<TaskFailureDetails, bool> HandleFailure
        {
            init => Handles = value;
        }

        /// <summary>What <see cref="HandleFailure"/> was set to, which the SDK does not give back.</summary>
        public Func<TaskFailureDetails, bool>? Handles { get; private init; }
    }

    public sealed class TaskRetryOptions(RetryPolicy policy)
    {
        public RetryPolicy? Policy { get; } = policy;

        public static implicit operator TaskRetryOptions(RetryPolicy policy) => new(policy);
    }

    public record TaskOptions(TaskRetryOptions? Retry = null, IDictionary<string, string>? Tags = null)
    {
        public static TaskOptions FromRetryPolicy(RetryPolicy policy) => new(policy);

        public SubOrchestrationOptions WithInstanceId(string instanceId) => new(this, instanceId);
    }

    public record SubOrchestrationOptions : TaskOptions
    {
        public SubOrchestrationOptions(TaskRetryOptions? retry = null, string? instanceId = null) : base(retry) => InstanceId = instanceId;

        public SubOrchestrationOptions(TaskOptions options, string? instanceId = null) : base(options) => InstanceId = instanceId;

        public string? InstanceId { get; init; }
    }

    public record StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
    {
        public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

        public IReadOnlyList<string>? DedupeStatuses { get; init; }
    }

    public class ContinueAsNewOptions
    {
        internal ContinueAsNewOptions() => throw NotTheSdk.Called;
    }
}
