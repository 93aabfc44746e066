using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary><c>GET /api/openapi.json</c>: the document of this build.</summary>
public static class OpenApiHandlers
{
    /// <summary>The name of the document among the assembly's resources.</summary>
    public const string ResourceName = "openapi.json";

    static readonly byte[] Document = Read();

    public static Task<IResult> GetAsync(HttpContext http) => Task.FromResult<IResult>(Answer.Versioned(Document));

    static byte[] Read()
    {
        using var resource = typeof(OpenApiHandlers).Assembly.GetManifestResourceStream(ResourceName)!;
        using var content = new MemoryStream();
        resource.CopyTo(content);
        return content.ToArray();
    }
}
