namespace Fanfold.Workflow.Spec;

/// <summary>The JSON Schema (2020-12) of the spec, for editors; the parser checks more than it can say.</summary>
public static class SpecSchema
{
    public const string ResourceName = "run-spec.schema.json";

    public static string ReadText()
    {
        using var resource = typeof(SpecSchema).Assembly.GetManifestResourceStream(ResourceName)!;
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }
}
