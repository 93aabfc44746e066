using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Triggers;

/// <summary>The content of an <c>.error.json</c>, without secrets. The same refusal has the same bytes.</summary>
/// <param name="RunId">The id that the run would have had.</param>
/// <param name="Request">The path of the refused object; <paramref name="ETag"/> is the version of it.</param>
/// <param name="Errors">All the reasons.</param>
public sealed record TriggerRefusal(string RunId, string Request, [property: JsonPropertyName("etag")] string ETag, string Hint, IReadOnlyList<RunError> Errors);

/// <summary>The content of a <c>.started.json</c>: the run that was started for this version of the object. It outlives the run's own state.</summary>
public sealed record TriggerStarted(string RunId, string Request, [property: JsonPropertyName("etag")] string ETag);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(TriggerRefusal))]
[JsonSerializable(typeof(TriggerStarted))]
sealed partial class TriggerJson : JsonSerializerContext
{
    /// <summary>As people read them, with their quotes.</summary>
    public static TriggerJson Readable { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
