using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Running;

/// <summary>Reads the documents of a run's state. Each begins with the version of its form: older ones are read, newer ones refused.</summary>
public static class StoredJson
{
    /// <exception cref="RunStateException">A newer build wrote the document, or its bytes are not such a document.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, int newest, string what, string runId)
    {
        try
        {
            // The version first: a newer form need not fit the type.
            if (Version(json) > newest) throw RunStateException.Newer(what, runId);
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("it is null");
        }
        catch (JsonException unreadable)
        {
            throw RunStateException.Corrupt($"The {what} of run '{runId}' can't be read ({unreadable.Message.TrimEnd('.')})", unreadable);
        }
    }

    /// <summary>The spec of a run as it was stored at its start.</summary>
    public static RunSpec ReadSpec(byte[] json, string runId)
    {
        var parsed = SpecParser.Parse(json);
        if (parsed.Spec is { } spec) return spec;
        if (parsed.Errors.Any(error => error is { Pointer: "/version", Code: SpecErrorCode.Unsupported })) throw RunStateException.Newer("spec", runId);
        throw RunStateException.Corrupt($"The spec of run '{runId}' can't be read ({parsed.Errors[0].Message.TrimEnd('.')})");
    }

    static int Version(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.Number) throw new JsonException("its version is no number");
        return reader.TryGetInt32(out var version) ? version : reader.GetDouble() > int.MaxValue ? int.MaxValue : throw new JsonException("its version is no whole number");
    }

    static int Version(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("version"u8);
            reader.Read();
            if (found) return Version(ref reader);
            reader.Skip();
        }
        throw new JsonException("it has no version");
    }
}

/// <summary>The state of a run is not one that this build can go on from. The message says what to do.</summary>
/// <param name="code">Stable, in kebab-case.</param>
public sealed class RunStateException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    /// <summary>Whether the state is damaged, and not just newer than this build.</summary>
    public bool IsCorrupt => Code == CorruptCode;

    const string CorruptCode = "state-corrupt";

    public static RunStateException Newer(string what, string runId) =>
        new("newer-version", $"The {what} of run '{runId}' was written by a newer version of fanfold; continue the run with that version.");

    /// <param name="defect">A sentence without its full stop.</param>
    public static RunStateException Corrupt(string defect, Exception? inner = null) =>
        new(CorruptCode, $"{defect}: something else wrote there, or the store lost it. Start the run under a new id.", inner);
}
