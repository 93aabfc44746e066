using Microsoft.AspNetCore.Http;

namespace Fanfold.Workflow.Http;

/// <summary>Answers a request.</summary>
/// <param name="id">Of the run; "" where the template has none.</param>
public delegate Task<IResult> RouteHandler(string id, HttpContext http, ApiContext api);

/// <summary>A route of the API, as hosts map it and as the OpenAPI document describes it.</summary>
/// <param name="Method">In capitals.</param>
/// <param name="Template">Begins with <c>/api/</c>, except for the page; its one parameter is <c>{id}</c>.</param>
/// <param name="Name">The operation's, unique, in camel case.</param>
/// <param name="Summary">A line.</param>
public sealed record Route(string Method, string Template, string Name, string Summary, RouteHandler Handler)
{
    /// <summary>What the summary leaves open; null where nothing is.</summary>
    public string? Description { get; init; }

    public IReadOnlyList<RouteParameter> Parameters { get; init; } = [];

    /// <summary>Whether the body is a spec.</summary>
    public bool TakesSpec { get; init; }

    /// <summary>What it gives where it does not refuse.</summary>
    public required IReadOnlyList<RouteAnswer> Answers { get; init; }

    /// <summary>The problems that are its own, by <see cref="ProblemCode.Code"/>; those of all routes come on top.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public bool HasId => Template.Contains("{id}", StringComparison.Ordinal);
}

/// <param name="In">query or header.</param>
/// <param name="Words">All that it may be; null where it is no word of a few.</param>
/// <param name="Maximum">Of a whole number from 1; null where it is none.</param>
public sealed record RouteParameter(string Name, string In, string Description, string Example, IReadOnlyList<string>? Words = null, int? Maximum = null);

/// <param name="Document">The type of the JSON document; null where it is none.</param>
/// <param name="ContentTypes">None where there is no body.</param>
/// <param name="Headers">The names of those that matter, as <see cref="Routes.Headers"/> describes them.</param>
public sealed record RouteAnswer(int Status, string Description, Type? Document, IReadOnlyList<string> ContentTypes, IReadOnlyList<string> Headers)
{
    internal static RouteAnswer Of<T>(string description, int status = StatusCodes.Status200OK, params IReadOnlyList<string> headers) => new(status, description, typeof(T), ["application/json"], headers);

    internal static RouteAnswer Bare(int status, string description, params IReadOnlyList<string> headers) => new(status, description, null, [], headers);
}
