using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Fanfold.Workflow.Http;

/// <summary>What the query of a list asks for.</summary>
/// <param name="Size">Items on a page.</param>
/// <param name="After">Where the page before ended; null for the first.</param>
/// <param name="Status">Only items of this status; null for all.</param>
sealed record PageQuery(int Size, string? After, string? Status)
{
    const int DefaultSize = 100;
    public const int MaxSize = 1000;

    /// <param name="maxSize">Of a page.</param>
    /// <param name="isToken">Whether a text can be a continuation.</param>
    public static (PageQuery? Query, Problem? Refusal) Read(HttpRequest request, int maxSize, Func<string, bool> isToken, params ReadOnlySpan<string> statuses)
    {
        var (size, after, status) = (request.Query["maxPageSize"], request.Query["continuation"], request.Query["status"]);
        var items = DefaultSize;
        if (size.Count > 1 || size is [var text] && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out items) || (items < 1 || items > maxSize)))
            return (null, Invalid("maxPageSize", $"a whole number from 1 to {maxSize}"));
        if (after.Count > 1 || after is [var token] && !isToken(token ?? "")) return (null, Invalid("continuation", "what nextLink has"));
        if (status.Count > 1 || status is [var word] && !statuses.Contains(word)) return (null, Invalid("status", "one of " + string.Join(", ", statuses)));
        return (new PageQuery(items, after, status), null);
    }

    /// <summary>The address of the next page.</summary>
    public string Next(HttpRequest request, string after)
    {
        var query = new Dictionary<string, string?> { ["maxPageSize"] = Size.ToString(CultureInfo.InvariantCulture), ["continuation"] = after, ["status"] = Status };
        return QueryHelpers.AddQueryString(Address.Of(request) + request.Path, query.Where(parameter => parameter.Value is not null));
    }

    static Problem Invalid(string name, string expected) => new(StatusCodes.Status400BadRequest, "invalid-query", $"The query parameter {name} is not {expected}.");
}

static class Address
{
    /// <summary>Where the API is reached by the caller.</summary>
    public static string Of(HttpRequest request) => $"{request.Scheme}://{request.Host.ToUriComponent()}{request.PathBase.ToUriComponent()}";
}
