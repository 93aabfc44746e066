using Fanfold.Worker;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Fanfold.Workflow.Http;

/// <summary>What a result is handed out as.</summary>
/// <param name="Word">In queries, and the end of the file's name.</param>
/// <param name="ContentType">Its media type.</param>
sealed record DownloadFormat(string Word, string ContentType)
{
    public static readonly DownloadFormat Json = new("json", "application/json");
    public static readonly DownloadFormat Csv = new("csv", "text/csv; charset=utf-8");
    public static readonly DownloadFormat Parquet = new("parquet", "application/vnd.apache.parquet");

    /// <summary>The media type without its parameters.</summary>
    public string MediaType => ContentType.Split(';')[0];

    public static readonly IReadOnlyList<DownloadFormat> All = [Json, Csv, Parquet];

    /// <summary>What a result is stored as; a folder's files are Parquet.</summary>
    public static DownloadFormat Of(ResultFormat stored) => stored == ResultFormat.Csv ? Csv : Parquet;

    /// <summary>The one that the query names, or else the header Accept likes best, or else the stored one. Null when the query names none that there is.</summary>
    public static DownloadFormat? Asked(HttpRequest request, DownloadFormat stored)
    {
        if (request.Query.TryGetValue("format", out var words)) return words is [{ } word] ? All.FirstOrDefault(format => format.Word == word) : null;
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)) return stored;
        // Among equals the first one named; a range of types names none.
        return accepted.Where(type => type.Quality is not 0).OrderByDescending(type => type.Quality ?? 1)
            .Select(type => type.MediaType == "*/*" ? stored : All.FirstOrDefault(format => type.MediaType.Equals(format.MediaType, StringComparison.OrdinalIgnoreCase)))
            .FirstOrDefault(format => format is not null) ?? stored;
    }
}
