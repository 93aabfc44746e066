using System.Text.Json;
using System.Text.Json.Serialization;
using Fanfold.Engine;
using Fanfold.Engine.Columns;

namespace Fanfold.Worker;

/// <summary>One line of a worker's stdout: a heartbeat with the rows decoded so far, or the receipt that ends it.</summary>
public sealed record WorkerMessage(TaskReceipt? Receipt = null, long? HeartbeatRows = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true, Converters = [typeof(DataTypeConverter)])]
[JsonSerializable(typeof(AttemptMark))]
[JsonSerializable(typeof(WorkerTask))]
[JsonSerializable(typeof(TaskReceipt))]
[JsonSerializable(typeof(WorkerMessage))]
[JsonSerializable(typeof(PassedToken))]
[JsonSerializable(typeof(KernelCheck))]
[JsonSerializable(typeof(IReadOnlyList<ReducerDescription>))]
[JsonSerializable(typeof(IReadOnlyList<PackedFile>))]
public sealed partial class WorkerJson : JsonSerializerContext;

/// <summary>Types as their text, for example <c>"decimal(18,2)"</c>.</summary>
public sealed class DataTypeConverter : JsonConverter<DataType>
{
    public override DataType Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => DataType.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, DataType value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
