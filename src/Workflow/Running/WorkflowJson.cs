using System.Text.Json.Serialization;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;

namespace Fanfold.Workflow.Running;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true, AllowDuplicateProperties = false, Converters = [typeof(DataTypeConverter), typeof(RunStatusConverter), typeof(ResultFormatConverter)])]
[JsonSerializable(typeof(PlanHeader))]
[JsonSerializable(typeof(TaskSlice))]
[JsonSerializable(typeof(RunRequest))]
[JsonSerializable(typeof(PlanRequest))]
[JsonSerializable(typeof(PlanReference))]
[JsonSerializable(typeof(TaskRequest))]
[JsonSerializable(typeof(TaskResult))]
[JsonSerializable(typeof(MergeRequest))]
[JsonSerializable(typeof(FinishRequest))]
[JsonSerializable(typeof(CombineRequest))]
[JsonSerializable(typeof(CombineResult))]
[JsonSerializable(typeof(ChunkRequest))]
[JsonSerializable(typeof(ChunkResult))]
[JsonSerializable(typeof(RunEnd))]
[JsonSerializable(typeof(DriveStep))]
[JsonSerializable(typeof(DriveEnd))]
[JsonSerializable(typeof(DriveFailure))]
[JsonSerializable(typeof(DriveProgress))]
[JsonSerializable(typeof(CancelOrder))]
[JsonSerializable(typeof(CommitDecision))]
[JsonSerializable(typeof(CommittedResult))]
[JsonSerializable(typeof(AttemptMark))]
[JsonSerializable(typeof(TaskReceipt))]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(OutputIntent))]
[JsonSerializable(typeof(PlanDocument))]
[JsonSerializable(typeof(SliceIndex))]
[JsonSerializable(typeof(IReadOnlyList<int>))]
[JsonSerializable(typeof(IReadOnlyList<RunError>))]
public sealed partial class WorkflowJson : JsonSerializerContext;
