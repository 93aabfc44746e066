using System.CommandLine;
using System.Text.Json;
using Fanfold.Storage;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;

namespace Fanfold.LocalHost.Verbs;

/// <summary><c>fanfold result RUN</c>: what the API gives at <c>/api/runs/{id}/result</c>, from a host or from a store.</summary>
static class ResultVerb
{
    const string Stdout = "-";

    public static Command Create()
    {
        var run = CommonOptions.Run();
        var store = CommonOptions.Store();
        var format = new Option<string?>("--format") { Description = "json, csv or parquet. Default: as the name of the file ends; on stdout as the spec names it.", HelpName = "X" };
        var output = new Option<string>("--output", "--out") { Description = "The file to write, whole or not at all; - for stdout.", HelpName = "FILE", DefaultValueFactory = _ => Stdout };
        var preview = new Option<int?>("--preview") { Description = $"Show the first ROWS rows as a table, by default {ResultPreview.DefaultRows}.", HelpName = "ROWS", Arity = ArgumentArity.ZeroOrOne };
        var endpoint = EndpointOption.Create();
        var json = CommonOptions.Json();
        format.AcceptOnlyFromAmong("json", "csv", "parquet");
        var command = new Command("result", "Write the result of a run that has succeeded.") { run, store, format, output, preview, endpoint, json };
        EndpointOption.Exclude(command, endpoint, store);
        command.Validators.Add(result =>
        {
            var isPreview = result.GetResult(preview) is { Implicit: false };
            var (file, named, isJson) = (CommonOptions.Typed(result, output) is { } typed && typed != Stdout ? typed : null, CommonOptions.Typed(result, format), result.GetValue(json));
            if (isJson && file is null && !isPreview) result.AddError("--json needs --output FILE: stdout takes the document or the result.");
            if (isPreview && (isJson || result.GetResult(format) is { Implicit: false } || result.GetResult(output) is { Implicit: false })) result.AddError("--preview shows a table on stdout; leave --json, --format and --output out.");
            if (file is not null && named is null && FormatOf(file) is null) result.AddError($"--output '{TerminalText.Safe(file)}' ends in none of .parquet, .csv and .json; say with --format what it is to be.");
            if (file is null && !isJson && !isPreview && !Console.IsOutputRedirected && named is null or "parquet") result.AddError("stdout is a terminal; show the first rows with --preview, write a file with --output FILE, or print text with --format csv.");
            if (int.TryParse(CommonOptions.Typed(result, preview), out var first) && first < 1) result.AddError("--preview takes a number of rows, from 1.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (id, asJson) = (parsed.GetValue(run)!, parsed.GetValue(json));
            int? rows = parsed.GetResult(preview) is { Implicit: false } ? parsed.GetValue(preview) ?? ResultPreview.DefaultRows : null;
            var word = rows is null ? parsed.GetValue(format) ?? FormatOf(parsed.GetValue(output)!) : "csv";
            var file = new ResultFile(parsed.GetValue(output)!, id, asJson);
            if (parsed.GetValue(endpoint) is { } host)
            {
                return await RemoteRun.AskAsync(host, id, asJson, async there =>
                {
                    await using var result = await there.Client.ResultAsync(id, word, cancellationToken);
                    return rows is { } first ? await ResultPreview.PrintAsync(first, CopyAsync, cancellationToken) : await file.WriteAsync(result.ContentType, CopyAsync, cancellationToken);

                    async Task<IReadOnlyList<RunError>?> CopyAsync(Stream content, CancellationToken token)
                    {
                        await result.Content.CopyToAsync(content, token);
                        return null;
                    }
                }, cancellationToken);
            }
            var stores = new Stores(parsed.GetValue(store), null);
            return rows is { } most ? await PreviewAsync(stores, id, most, cancellationToken) : await FromStoreAsync(stores, id, word, file, asJson, cancellationToken);
        });
        return command;
    }

    /// <summary>Asks the handler that serves it over HTTP, so that both give the same.</summary>
    internal static async Task<int> FromStoreAsync(Stores stores, string id, string? format, ResultFile file, bool json, CancellationToken cancellationToken)
    {
        if (!RunPaths.IsRunId(id)) return SpecFile.Refuse([stores.NotFound(id)], json);
        var (http, answer) = await AskAsync(stores, id, format, cancellationToken);
        if (answer is Problem problem) return SpecFile.Refuse(Errors(problem, stores, id), json);
        return await file.WriteAsync(null, async (content, _) =>
        {
            http.Response.Body = content;
            var refusal = await ResultHandlers.WriteAsync(answer, http);
            file.ContentType = http.Response.ContentType;
            return refusal is null ? null : Errors(refusal);
        }, cancellationToken);
    }

    static async Task<int> PreviewAsync(Stores stores, string id, int rows, CancellationToken cancellationToken)
    {
        if (!RunPaths.IsRunId(id)) return SpecFile.Refuse([stores.NotFound(id)], json: false);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (http, answer) = await AskAsync(stores, id, "csv", enough.Token);
        if (answer is Problem problem) return SpecFile.Refuse(Errors(problem, stores, id), json: false);
        return await ResultPreview.PrintAsync(rows, async (content, token) =>
        {
            await using var stop = token.Register(enough.Cancel);
            http.Response.Body = content;
            return await ResultHandlers.WriteAsync(answer, http) is { } refusal ? Errors(refusal) : null;
        }, cancellationToken);
    }

    static async Task<(HttpContext Http, IResult Answer)> AskAsync(Stores stores, string id, string? format, CancellationToken cancellationToken)
    {
        var api = new ApiContext(stores.Data, stores.State, stores.DataLocation, stores.StateLocation, new InProcessIsolation(stores.Data, stores.State), new NoHost(), TimeProvider.System, "in process");
        var http = new DefaultHttpContext { RequestAborted = cancellationToken };
        if (format is not null) http.Request.QueryString = QueryString.Create("format", format);
        return (http, await ResultHandlers.GetAsync(id, http, api));
    }

    static string? FormatOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch { ".csv" => "csv", ".json" => "json", ".parquet" => "parquet", _ => null };

    static IReadOnlyList<RunError> Errors(Problem problem, Stores stores, string id) => problem.Code switch
    {
        "run-not-found" => [stores.NotFound(id)],
        "no-result" => [new RunError(problem.Code, $"{problem.Detail} `fanfold status {id}{stores.Arguments}` tells where it stands, and `fanfold redrive {id}{stores.Arguments}` goes on with it.")],
        _ => Errors(problem),
    };

    static IReadOnlyList<RunError> Errors(Problem problem) =>
        problem.Errors ?? [new RunError(problem.Code, problem.Hint is { } hint && !hint.Contains("/api/", StringComparison.Ordinal) ? $"{problem.Detail} {hint}" : problem.Detail)];

    sealed class NoHost : IRunHost
    {
        public ValueTask DriveAsync(string runId, CancellationToken cancellationToken) => throw new InvalidOperationException("a result starts no run");
    }
}
