using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Fanfold.Workflow.Spec;

/// <summary>
/// First phase: JSON to records. It reports what is wrong with single fields, and puts an empty text or a default in the place
/// of what it can't read, so that later phases see every other field, at its own index.
/// </summary>
static partial class SpecReader
{
    public const int MaxNameBytes = 1024;

    /// <summary>Null when the document is not an object at all.</summary>
    public static RunSpec? Read(SpecNode root)
    {
        if (root.AsObject(SpecFields.Root) is not { } fields) return null;
        fields["$schema"]?.AsText("\"run-spec.schema.json\"");
        fields.Required("version", $"write {RunSpec.Version}")?.AsInteger(RunSpec.Version, RunSpec.Version);
        return new RunSpec
        {
            Source = ReadSource(fields.Required("source", "write { \"path\": … }")),
            PartitionBy = ReadPartitionBy(fields.Required("partitionBy", "write { \"column\": … }")),
            Where = fields["where"] is { } where ? ReadExpression(where, "\"amount > 0\"") : null,
            Derive = fields["derive"] is { } derive ? ReadExpressions(derive, "{ \"speed\": \"distance / hours\" }") ?? [] : [],
            Reduce = ReadReduce(fields.Required("reduce", "write { \"aggregates\": … } or { \"select\": … }")),
            Output = ReadOutput(fields.Required("output", "write { \"path\": … }")),
            Limits = fields["limits"] is { } limits ? ReadLimits(limits) : new LimitsSpec(),
            Strategy = fields["strategy"]?.AsWord(SpecWords.Strategies) ?? RunStrategy.Auto,
        };
    }

    static SourceSpec ReadSource(SpecNode? node)
    {
        if (node?.AsObject(SpecFields.Source) is not { } fields) return new SourceSpec { Path = "" };
        return new SourceSpec
        {
            Path = ReadPath(fields.Required("path", "name the folder with the Parquet files, like \"lake/trips\""), "\"lake/trips\""),
            Include = fields["include"] is { } include ? ReadGlobs(include, min: 1) : SourceSpec.DefaultInclude,
            Exclude = fields["exclude"] is { } exclude ? ReadGlobs(exclude, min: 0) : [],
            Raw = fields["raw"]?.AsBool() ?? false,
            OnMissingColumn = fields["onMissingColumn"]?.AsWord(SpecWords.MissingColumns) ?? MissingColumn.Error,
        };
    }

    static EquatableList<string> ReadGlobs(SpecNode node, int min)
    {
        var globs = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in node.AsItems("[\"**/*.parquet\"]") ?? [])
        {
            if (item.AsText("\"**/*.parquet\"") is not { } text) continue;
            if (!seen.Add(text)) item.Refuse(SpecErrorCode.Duplicate, $"{Shown(item, text)} stands twice in the list; keep one.");
            else if (!Glob.TryParse(text, out _, out var fault)) item.Refuse(SpecErrorCode.InvalidGlob, $"{Shown(item, text)} {fault}.");
            globs.Add(text);
        }
        RequireItems(node, min, "write [\"**/*.parquet\"] or leave it out");
        return [.. globs];
    }

    static OutputSpec ReadOutput(SpecNode? node)
    {
        if (node?.AsObject(SpecFields.Output) is not { } fields) return new OutputSpec { Path = "" };
        return new OutputSpec
        {
            Path = ReadPath(fields.Required("path", "name the file to write, like \"results/trips.parquet\""), "\"results/trips.parquet\""),
            Layout = fields["layout"]?.AsWord(SpecWords.Layouts) ?? OutputLayout.File,
        };
    }

    static LimitsSpec ReadLimits(SpecNode node)
    {
        var limits = new LimitsSpec();
        if (node.AsObject(SpecFields.Limits) is not { } fields) return limits;
        return new LimitsSpec
        {
            Parallel = (int?)fields["parallel"]?.AsInteger(1, LimitsSpec.MaxParallel),
            Memory = (fields["memory"] is { } memory ? ReadMemory(memory) : null) ?? limits.Memory,
            Timeout = (fields["timeout"] is { } timeout ? ReadTimeout(timeout) : null) ?? limits.Timeout,
            RunTimeout = fields["runTimeout"] is { } runTimeout ? ReadTimeout(runTimeout) : null,
            Retries = (int?)fields["retries"]?.AsInteger(0, LimitsSpec.MaxRetries) ?? limits.Retries,
            ToleratedFailures = (fields["toleratedFailures"] is { } failures ? ReadTolerance(failures) : null) ?? limits.ToleratedFailures,
        };
    }

    static ByteSize? ReadMemory(SpecNode node)
    {
        if (node.AsText("\"512MiB\"") is not { } text) return null;
        if (!ByteSize.TryParse(text, out var size))
            node.Refuse(SpecErrorCode.InvalidValue, $"{node.At.ToWords()} can't be {Quoted.Text(text)}; "
                + "write a size like \"512MiB\" or \"1.5GiB\" (units: B, KiB, MiB, GiB, TiB; decimal: KB, MB, GB, TB).");
        else if (size < LimitsSpec.MinMemory || size > LimitsSpec.MaxMemory)
            node.Refuse(SpecErrorCode.OutOfRange, $"{node.At.ToWords()} is {Quoted.Text(text)}; "
                + $"write a size from {LimitsSpec.MinMemory} to {LimitsSpec.MaxMemory}.");
        else return size;
        return null;
    }

    static TimeSpan? ReadTimeout(SpecNode node)
    {
        if (node.AsText("\"00:10:00\"") is not { } text) return null;
        if (!TimeSpanShape().IsMatch(text) || !TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var timeout))
            node.Refuse(SpecErrorCode.InvalidValue, $"{node.At.ToWords()} can't be {Quoted.Text(text)}; "
                + "write hours, minutes and seconds like \"00:10:00\", with days in front like \"1.00:00:00\".");
        else if (timeout <= TimeSpan.Zero || timeout > LimitsSpec.MaxTimeout)
            node.Refuse(SpecErrorCode.OutOfRange, $"{node.At.ToWords()} is {Quoted.Text(text)}; write a time above 0 and up to 7 days, \"7.00:00:00\".");
        else return timeout;
        return null;
    }

    static FailureTolerance? ReadTolerance(SpecNode node)
    {
        if (node.Value.ValueKind == JsonValueKind.Number) return node.AsInteger(0, 999_999_999_999_999_999) is { } count ? FailureTolerance.Count(count) : null;
        if (node.Value.ValueKind != JsonValueKind.String) node.WrongType("a percentage or a whole number", "write \"5%\" or 3");
        else if (!FailureTolerance.TryParse(node.Value.GetString()!, out var tolerance))
            node.Refuse(SpecErrorCode.InvalidValue, $"{node.At.ToWords()} can't be {Quoted.Text(node.Value.GetString()!)}; "
                + "write a percentage like \"5%\" (up to six decimals) or a count like 3.");
        else if (tolerance is { IsPercentage: true, Amount: > 100 })
            node.Refuse(SpecErrorCode.OutOfRange, $"{node.At.ToWords()} is {tolerance}; write a percentage from 0% to 100%.");
        else return tolerance;
        return null;
    }

    static string ReadPath(SpecNode? node, string example)
    {
        if (node?.AsText(example) is not { } path) return "";
        if (StorePath.FindFault(path) is not { } fault) return path;
        node.Value.Refuse(SpecErrorCode.InvalidPath, $"{Shown(node.Value, path)} {fault}.");
        return "";
    }

    // What may hold a key is not repeated.
    static string Shown(SpecNode node, string path) => StorePath.MayHoldSecret(path) ? node.At.ToWords() : $"{node.At.ToWords()}, {Quoted.Text(path)},";

    static string ReadName(SpecNode node, string example)
    {
        if (node.AsText(example) is not { } name) return "";
        return IsName(node, name) ? name : "";
    }

    static bool IsName(SpecNode node, string name)
    {
        if (name.Length == 0) node.Refuse(SpecErrorCode.InvalidName, $"{node.At.ToWords()} is an empty name; write a column's name.");
        else if (Encoding.UTF8.GetByteCount(name) > MaxNameBytes)
            node.Refuse(SpecErrorCode.InvalidName, $"{node.At.ToWords()} is a name of more than {MaxNameBytes:N0} bytes; write a shorter one.");
        else return true;
        return false;
    }

    static string ReadExpression(SpecNode node, string example)
    {
        if (node.AsText(example) is not { } text) return "";
        if (string.IsNullOrWhiteSpace(text))
            node.Refuse(SpecErrorCode.InvalidExpression, $"{node.At.ToWords()} is an empty expression; write one like {example}.");
        return text;
    }

    static EquatableList<NamedExpression>? ReadExpressions(SpecNode node, string example)
    {
        if (node.AsMap(example) is not { } members) return null;
        var expressions = new List<NamedExpression>();
        foreach (var (name, member) in members)
            expressions.Add(new NamedExpression(IsName(member, name) ? name : "", ReadExpression(member, example.Trim('{', '}', ' ').Split(": ")[1])));
        return [.. expressions];
    }

    static void RequireItems(SpecNode node, int min, string advice)
    {
        if (node.Value.ValueKind == JsonValueKind.Array && node.Value.GetArrayLength() < min)
            node.Refuse(SpecErrorCode.OutOfRange, $"{node.At.ToWords()} is an empty list; {advice}.");
    }

    [GeneratedRegex(@"^([0-9]{1,8}\.)?[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?\z")]
    private static partial Regex TimeSpanShape();
}
