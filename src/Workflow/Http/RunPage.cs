using System.Security.Cryptography;
using System.Text;

namespace Fanfold.Workflow.Http;

/// <summary>The page that people see, put together from the sources in the folder <c>Page</c>: one document that loads nothing but what the API gives.</summary>
/// <param name="Policy">The Content-Security-Policy that it is to be served with: its own script and style, by their hashes, and requests to where it came from.</param>
sealed record RunPage(byte[] Html, string Policy)
{
    /// <summary>In the order in which they make up the script.</summary>
    static readonly string[] Scripts = ["format", "dom", "api", "model", "header", "heatmap", "table", "timeline", "funnel", "plan", "errors", "result", "list", "report", "main"];

    public static RunPage Current { get; } = Assemble();

    static RunPage Assemble()
    {
        var style = Read("page.css");
        var script = $"(() => {{\n'use strict';\n{string.Concat(Scripts.Select(name => Read($"{name}.js")))}}})();\n";
        // A saved page carries it in a meta element, which knows no frame-ancestors; nothing that it shows is asked for then.
        var saved = $"default-src 'none'; script-src {HashOf(script)}; style-src {HashOf(style)}; img-src data:; base-uri 'none'; form-action 'none'";
        var html = Read("page.html").Replace("{{policy}}", saved, StringComparison.Ordinal).Replace("{{style}}", style, StringComparison.Ordinal).Replace("{{script}}", script, StringComparison.Ordinal);
        return new RunPage(Encoding.UTF8.GetBytes(html), $"{saved}; connect-src 'self'; frame-ancestors 'none'");
    }

    static string HashOf(string text) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";

    static string Read(string name)
    {
        using var resource = typeof(RunPage).Assembly.GetManifestResourceStream("page/" + name)!;
        using var text = new StreamReader(resource, Encoding.UTF8);
        // As the parser of a document has it, and so the hash.
        return text.ReadToEnd().ReplaceLineEndings("\n");
    }
}
