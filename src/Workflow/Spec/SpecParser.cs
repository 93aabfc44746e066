using System.Text.Json;

namespace Fanfold.Workflow.Spec;

/// <summary>Reads version 1 of the spec.</summary>
public static class SpecParser
{
    /// <summary>More bytes than these, byte order mark included, are never a spec.</summary>
    public const int MaxBytes = JsonSyntax.MaxBytes + 3;

    /// <summary>
    /// Gives the spec or all its errors at once; never throws, whatever the bytes. A document that isn't JSON has one error, and
    /// one of a newer version has only that.
    /// </summary>
    /// <param name="utf8">At most 1 MiB of JSON in UTF-8, with or without a byte order mark.</param>
    public static SpecResult Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Span.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        if (JsonSyntax.FindFault(utf8.Span) is { } fault) return SpecResult.Refused([fault]);
        using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = JsonSyntax.MaxDepth });
        if (FindNewerVersion(document.RootElement) is { } newer) return SpecResult.Refused([newer]);

        var faults = new SpecFaults();
        if (SpecReader.Read(new SpecNode(document.RootElement, JsonPointer.Root, faults)) is { } spec)
        {
            SpecValidator.Check(spec, faults);
            if (faults.Errors.Count == 0) return SpecResult.Accepted(spec);
        }
        return SpecResult.Refused(faults.Errors);
    }

    static SpecError? FindNewerVersion(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("version", out var field)
            && field.ValueKind == JsonValueKind.Number && field.TryGetInt64(out var version) && version > RunSpec.Version
            ? new SpecError(SpecErrorCode.Unsupported, "/version",
                $"The spec has version {version}, and this build reads version {RunSpec.Version}: use a newer build, or write version {RunSpec.Version}.")
            : null;
}
