using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fanfold.Workflow.Http;

/// <summary>The routes of the API and of the page. Hosts map these and no others.</summary>
public static class Routes
{
    static readonly string[] RunStatuses = ["pending", "running", "succeeded", "succeededWithFailures", "failed", "cancelled"];
    static readonly string[] PartitionStatuses = ["pending", "running", "succeeded", "empty", "failed"];
    static readonly string[] Accepted = ["Operation-Location", "Location", "Retry-After"];
    static readonly string[] SpecProblems = ["spec-refused", "request-timeout", "too-large", "unsupported-media-type"];

    static readonly RouteParameter IfNoneMatch = new("If-None-Match", "header", "The ETag that the caller has; 304 when it is still that.", "\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\"");
    static readonly RouteParameter PageSize = new("maxPageSize", "query", "Items on a page, 100 where it is left out.", "100", Maximum: PageQuery.MaxSize);
    const string PageDescription = "For people: HTML with its style and script in it, which asks this API for what it shows, with the key that is in its own address.";

    static readonly RouteAnswer Page = new(StatusCodes.Status200OK, "The page.", null, ["text/html"], ["ETag", "Content-Security-Policy"]);
    static readonly RouteAnswer NotModified = RouteAnswer.Bare(StatusCodes.Status304NotModified, "The caller has this version.", "ETag");

    /// <summary>What the headers of answers mean.</summary>
    public static IReadOnlyDictionary<string, string> Headers { get; } = new Dictionary<string, string>
    {
        ["Accept-Ranges"] = "bytes where a part can be asked for, none where the result is converted.",
        ["Content-Security-Policy"] = "Allows its own style and script, and requests to where it came from.",
        ["Content-Range"] = "Which part of how much.",
        ["ETag"] = "The version of the document; weak for a converted result.",
        ["Location"] = "The run.",
        ["Operation-Location"] = "What to ask until the run has a summary.",
        ["Retry-After"] = "Seconds to wait before asking again; absent once the run has ended.",
    };

    public static IReadOnlyList<Route> All { get; } =
    [
        new("GET", "/", "showRuns", "The page of all runs", (_, http, api) => PageHandlers.GetAsync(http, api)) { Description = PageDescription, Parameters = [IfNoneMatch], Answers = [Page, NotModified] },
        new("GET", "/runs/{id}", "showRun", "The page of a run", (_, http, api) => PageHandlers.GetAsync(http, api)) { Description = PageDescription, Parameters = [IfNoneMatch], Answers = [Page, NotModified] },
        new("GET", "/api/health", "getHealth", "Whether both stores answer", (_, http, api) => HealthHandlers.GetAsync(http, api))
        {
            Answers = [RouteAnswer.Of<HealthDocument>("Both answer."), RouteAnswer.Of<HealthDocument>("One does not, or is not there; the document says which and why.", StatusCodes.Status503ServiceUnavailable, "Retry-After")],
        },
        new("GET", "/api/openapi.json", "getOpenApi", "This document", (_, http, api) => OpenApiHandlers.GetAsync(http, api))
        {
            Parameters = [IfNoneMatch],
            Answers = [new(StatusCodes.Status200OK, "The OpenAPI document, version 3.1.", null, ["application/json"], ["ETag"]), NotModified],
        },
        new("GET", "/api/runs", "listRuns", "The runs, by id, in pages", (_, http, api) => RunListHandlers.ListAsync(http, api))
        {
            Parameters = [PageSize, new("continuation", "query", "What nextLink has: the last id of the page before.", "trips-2024"), new("status", "query", "Only runs of this status.", "failed", RunStatuses)],
            Answers = [RouteAnswer.Of<Page<RunItem>>("A page.")],
            Problems = ["invalid-query"],
        },
        new("POST", "/api/runs", "createRun", "Starts a run under a new id", (_, http, api) => RunHandlers.PostAsync(http, api))
        {
            Description = "The body is checked before the answer. The source is looked at afterwards; what is wrong with it ends the run as failed.",
            Parameters = [new("Idempotency-Key", "header", "1 to 256 characters. The same key starts the same run, once.", "8f14e45f-ceea-467f-a8d1-5c1b3f2a7d10")],
            TakesSpec = true,
            Answers = [RouteAnswer.Of<RunRecord>("It is on record and goes on by itself.", StatusCodes.Status202Accepted, Accepted), RouteAnswer.Of<RunRecord>("The run of this key has ended before.", headers: "ETag")],
            Problems = ["invalid-header", "run-id-conflict", .. SpecProblems],
        },
        new("GET", "/api/runs/{id}", "getRun", "Where a run stands", RunHandlers.GetAsync)
        {
            Description = "200 as long as the run exists, however it ended. It has ended once summary is there.",
            Parameters = [IfNoneMatch],
            Answers = [RouteAnswer.Of<RunRecord>("The record.", headers: ["ETag", "Retry-After"]), NotModified],
            Problems = ["invalid-run-id", "run-not-found"],
        },
        new("PUT", "/api/runs/{id}", "startRun", "Starts the run of this id, or shows the one of the same spec", RunHandlers.PutAsync)
        {
            Description = "As often as one likes: the same spec never starts a second run.",
            TakesSpec = true,
            Answers = [RouteAnswer.Of<RunRecord>("It is on record and goes on by itself.", StatusCodes.Status202Accepted, Accepted), RouteAnswer.Of<RunRecord>("It has ended before.", headers: "ETag")],
            Problems = ["invalid-run-id", "run-id-conflict", .. SpecProblems],
        },
        new("GET", "/api/runs/{id}/plan", "getRunPlan", "What the run's last drive had to do", PlanHandlers.GetAsync)
        {
            Parameters = [IfNoneMatch],
            Answers = [RouteAnswer.Of<PlanDocument>("The plan.", headers: "ETag"), NotModified],
            Problems = ["invalid-run-id", "run-not-found", "not-planned"],
        },
        new("GET", "/api/runs/{id}/partitions", "listPartitions", "The partitions of a run's plan and what came of them, in pages", PartitionHandlers.ListAsync)
        {
            Description = "Of a shared scan they are its tasks, which are slices of row groups for all partitions at once; the manifest has the partitions.",
            Parameters = [PageSize with { Maximum = PartitionHandlers.MaxSize }, new("continuation", "query", "What nextLink has: the last index of the page before.", "99"), new("status", "query", "Only partitions of this status.", "failed", PartitionStatuses)],
            Answers = [RouteAnswer.Of<Page<PartitionItem>>("A page; an empty one before the run is planned.")],
            Problems = ["invalid-run-id", "invalid-query", "run-not-found"],
        },
        new("GET", "/api/runs/{id}/events", "getRunEvents", "The record of a run whenever it changes, as server-sent events", EventHandlers.GetAsync)
        {
            Description = "Each event is of the type run and has the record as its data. The stream ends with the run.",
            Parameters = [new("Last-Event-ID", "header", "The id of the last event that the caller has heard; only what is newer is sent.", "0f1e2d3c4b5a69788796a5b4c3d2e1f0")],
            Answers = [new(StatusCodes.Status200OK, "The stream.", null, ["text/event-stream"], []), RouteAnswer.Bare(StatusCodes.Status204NoContent, "The caller has heard the end.")],
            Problems = ["invalid-run-id", "run-not-found"],
        },
        new("GET", "/api/runs/{id}/result", "getRunResult", "What the run has committed", ResultHandlers.GetAsync)
        {
            Description = "As it is stored, whole or a range of it, or converted. In JSON it is an array with an object for each row; integers, decimals and floats are numbers with all their digits, NaN and the infinities are strings.",
            Parameters =
            [
                new("format", "query", "What to give it as. Where it is left out, the header Accept chooses, or else it is given as it is stored.", "json", [.. DownloadFormat.All.Select(format => format.Word)]),
                new("Range", "header", "One range of bytes, of what is not converted.", "bytes=0-1023"), new("If-Range", "header", "The strong ETag that the range belongs to; the whole is given when it is another.", "\"0f1e2d3c\""), IfNoneMatch,
            ],
            Answers =
            [
                new(StatusCodes.Status200OK, "The result.", null, [.. DownloadFormat.All.Select(format => format.MediaType)], ["ETag", "Accept-Ranges"]),
                new(StatusCodes.Status206PartialContent, "The range.", null, [DownloadFormat.Parquet.MediaType, DownloadFormat.Csv.MediaType], ["ETag", "Content-Range"]), NotModified,
            ],
            Problems = ["invalid-run-id", "invalid-query", "run-not-found", "no-result", "result-replaced", "range-not-satisfiable", "result-too-wide", "result-damaged", "busy"],
        },
        new("GET", "/api/runs/{id}/manifest", "getRunManifest", "What the result is made of, and the proof that it is whole", ResultHandlers.GetManifestAsync)
        {
            Description = "As it is stored beside the result: its partitions, also those that a shared scan found, inputs, cost and proof. Where another run of the same spec made the same result since, it is that run's.",
            Parameters = [IfNoneMatch],
            Answers = [RouteAnswer.Of<Manifest>("The manifest.", headers: "ETag"), NotModified],
            Problems = ["invalid-run-id", "run-not-found", "no-result", "result-replaced"],
        },
        new("POST", "/api/runs/{id}/cancel", "cancelRun", "Ends a run and its workers", RunHandlers.CancelAsync)
        {
            Answers = [RouteAnswer.Of<RunRecord>("It is being ended.", StatusCodes.Status202Accepted, Accepted), RouteAnswer.Of<RunRecord>("It was cancelled before.", headers: "ETag")],
            Problems = ["invalid-run-id", "run-not-found", "run-finished"],
        },
        new("POST", "/api/runs/{id}/redrive", "redriveRun", "Does again what failed, was cancelled or never ended", RunHandlers.RedriveAsync)
        {
            Description = "What succeeded is kept as long as its input is unchanged.",
            Answers = [RouteAnswer.Of<RunRecord>("It goes on.", StatusCodes.Status202Accepted, Accepted), RouteAnswer.Of<RunRecord>("It has succeeded, and nothing is left to do.", headers: "ETag")],
            Problems = ["invalid-run-id", "run-not-found"],
        },
        new("POST", "/api/plans", "planSpec", "What a run of this spec would do", (_, http, api) => PlanHandlers.PostAsync(http, api))
        {
            Description = "Reads the footers of the source, and the partition column where the spec leaves its values open. Nothing is run and nothing is kept.",
            TakesSpec = true,
            Answers = [RouteAnswer.Of<PlanDocument>("The plan.")],
            Problems = ["source-refused", "busy", .. SpecProblems],
        },
    ];

    /// <summary>Maps all of them.</summary>
    public static IEndpointRouteBuilder MapFanfold(this IEndpointRouteBuilder routes, ApiContext api)
    {
        foreach (var route in All)
        {
            Delegate handler = route.HasId ? (string id, HttpContext http) => route.Handler(id, http, api) : (HttpContext http) => route.Handler("", http, api);
            routes.MapMethods(route.Template, [route.Method], handler).WithMetadata(route, new EndpointNameMetadata(route.Name));
        }
        return routes;
    }
}
