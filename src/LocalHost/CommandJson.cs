using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost;

/// <summary>What stdout holds when something was refused.</summary>
/// <param name="RunId">The run that was stopped and goes on when it is run again; null when none was started.</param>
sealed record ErrorDocument(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RunId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RunStatus? Status, IReadOnlyList<RunError> Errors);

/// <summary><c>purge --json</c>.</summary>
/// <param name="Complete">Whether every run was looked at; false when the time was up before.</param>
sealed record PurgeDocument(IReadOnlyList<string> Purged, int Kept, bool Complete, int Slices);

/// <summary><c>doctor --json</c>.</summary>
sealed record DoctorDocument(bool Ok, IReadOnlyList<DoctorCheck> Checks);

/// <param name="Detail">What was looked at, and found.</param>
/// <param name="Error">What is wrong and what to do; null when nothing is.</param>
sealed record DoctorCheck(string Name, bool Ok, string Detail, RunError? Error);

/// <summary><c>serve --json</c>, once requests are taken.</summary>
sealed record ServeDocument(IReadOnlyList<string> Urls);

/// <summary><c>result --json</c>.</summary>
/// <param name="Format">As the answer's content type has it.</param>
sealed record ResultDocument(string RunId, string? Format, string File, long Bytes);

sealed record ValidDocument(bool Valid, string SpecHash);

sealed record FileError(string Code, string Message);

/// <summary><c>inspect --verify --json</c>.</summary>
sealed record VerifyDocument(string File, long? Rows, int? RowGroups, IReadOnlyList<VerifiedColumnDocument> Columns, FileError? Error);

sealed record VerifiedColumnDocument(
    string Name, string? Type, bool Nested, long? NonNull, string? Min, string? Max, string? Sum, string? SumMicros, string? TextHash, FileError? Error);

/// <summary><c>inspect --json</c>.</summary>
sealed record InspectDocument(
    string File, long? Rows, string? CreatedBy, IReadOnlyDictionary<string, string?>? KeyValues, IReadOnlyList<SchemaColumnDocument> Columns, IReadOnlyList<RowGroupDocument> RowGroups, FileError? Error);

sealed record SchemaColumnDocument(string Name, string? Type, string PhysicalType, bool Nested, bool Optional, string? Refusal);

sealed record RowGroupDocument(int Ordinal, long Rows, IReadOnlyList<ChunkDocument> Columns);

sealed record ChunkDocument(string Name, string Codec, long Values, long? NullCount, long CompressedSize, long UncompressedSize, string? Min, string? Max);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true, Converters = [typeof(DataTypeConverter), typeof(RunStatusConverter)])]
[JsonSerializable(typeof(RunSummary))]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(PurgeDocument))]
[JsonSerializable(typeof(DoctorDocument))]
[JsonSerializable(typeof(PlanDocument))]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(ServeDocument))]
[JsonSerializable(typeof(ResultDocument))]
[JsonSerializable(typeof(ValidDocument))]
[JsonSerializable(typeof(VerifyDocument))]
[JsonSerializable(typeof(InspectDocument))]
sealed partial class CommandJson : JsonSerializerContext
{
    /// <summary>Writes one document to stdout. Characters outside ASCII stay as they are: a terminal, not a page, reads them.</summary>
    public static void Write<T>(T document, JsonTypeInfo<T> type)
    {
        var options = new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using var content = new MemoryStream();
        using (var writer = new Utf8JsonWriter(content, options)) JsonSerializer.Serialize(writer, document, type);
        content.WriteByte((byte)'\n');
        using var output = Console.OpenStandardOutput();
        content.WriteTo(output);
    }
}
