using System.Text.Json.Nodes;
using CsCheck;
using Fanfold.Workflow.Spec;
using NJsonSchema;

namespace Fanfold.Workflow.Tests.Spec;

public class SpecSchemaTests
{
    static readonly JsonNode Document = JsonNode.Parse(SpecSchema.ReadText())!;

    [Fact]
    public void Schema_PropertyNames_AreTheParsersFields()
    {
        foreach (var (name, fields) in SpecFields.All)
        {
            var schema = name.Length == 0 ? Document : Document["properties"]![name]!;
            Assert.Equal(fields.Order(), schema["properties"]!.AsObject().Select(property => property.Key).Order());
            Assert.False(schema["additionalProperties"]!.GetValue<bool>());
        }
        var objects = Document["properties"]!.AsObject().Where(property => property.Value!["properties"] is not null).Select(property => property.Key);
        Assert.Equal(SpecFields.All.Keys.Where(name => name.Length > 0).Order(), objects.Order());
    }

    [Fact]
    public void Schema_EveryProperty_IsDescribed()
    {
        foreach (var (name, _) in SpecFields.All)
        {
            var schema = name.Length == 0 ? Document : Document["properties"]![name]!;
            Assert.All(schema["properties"]!.AsObject(), property => Assert.NotEmpty(property.Value!["description"]!.GetValue<string>()));
        }
    }

    [Fact]
    public void Schema_EveryField_IsReadByTheParser()
    {
        foreach (var (name, fields) in SpecFields.All)
            foreach (var field in fields)
            {
                // No field takes an empty list inside a list, so each one that is read is refused for what it holds.
                var pointer = name.Length == 0 ? $"/{field}" : $"/{name}/{field}";
                Assert.Contains(SpecSamples.Parse(SpecSamples.With(pointer, "[[]]")).Errors,
                    error => error.Pointer.StartsWith(pointer, StringComparison.Ordinal) && error.Code != "unknown-field");
            }
    }

    [Fact]
    public void Schema_Defaults_AreTheParsers()
    {
        var spec = JsonNode.Parse(SpecSamples.Accept(SpecSamples.Minimal).ToJson())!;
        foreach (var (name, fields) in SpecFields.All)
            foreach (var field in fields)
            {
                var schema = name.Length == 0 ? Document : Document["properties"]![name]!;
                if (schema["properties"]![field]!["default"] is not { } value) continue;
                var written = (name.Length == 0 ? spec : spec[name])![field];
                Assert.True(field == "aggregates" || JsonNode.DeepEquals(value, written), $"{name}.{field}: {value} against {written}");
            }
    }

    [Fact]
    public async Task Schema_WordsOfEnums_AreTheParsers()
    {
        Assert.Equal(SpecWords.Strategies.Words, Words("strategy"));
        Assert.Equal(SpecWords.Layouts.Words, Words("output", "layout"));
        Assert.Equal(SpecWords.MissingColumns.Words, Words("source", "onMissingColumn"));
        Assert.Empty((await JsonSchema.FromJsonAsync(SpecSchema.ReadText(), TestContext.Current.CancellationToken)).Validate(SpecSamples.Full));

        static IEnumerable<string> Words(params string[] path) =>
            path.Aggregate(Document, (node, name) => node["properties"]![name]!)["enum"]!.AsArray().Select(word => word!.GetValue<string>());
    }

    [Fact]
    public async Task Schema_GeneratedSpecs_AgreesWithTheParser()
    {
        var schema = await JsonSchema.FromJsonAsync(SpecSchema.ReadText(), TestContext.Current.CancellationToken);
        int accepted = 0, refused = 0;
        SpecGen.Any.Select(SpecGen.Mutation.Array[0, 2]).Sample((spec, mutations) =>
        {
            foreach (var mutation in mutations) mutation(spec);
            var json = spec.ToJsonString();
            var result = SpecSamples.Parse(json);
            var faults = schema.Validate(json);
            if (result.IsValid)
            {
                accepted++;
                Assert.True(faults.Count == 0, $"{json}\n{string.Join('\n', faults)}");
            }
            if (faults.Count > 0)
            {
                refused++;
                Assert.False(result.IsValid, json);
            }
            else
                Assert.DoesNotContain(result.Errors, error => error.Code is "unknown-field" or "missing-field" or "wrong-type"
                    || (error.Code == "invalid-value" && error.Pointer is "/strategy" or "/output/layout" or "/source/onMissingColumn"));
        }, seed: "0000000000002", iter: 4_000, threads: 1);
        Assert.True(accepted > 500 && refused > 500, $"{accepted} accepted, {refused} refused");
    }
}
