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
        var format = new Option<string?>("--format") { Description = "json, csv or parquet. Default: as the spec names it.", HelpName = "X" };
        var output = new Option<string>("--output") { Description = "The file to write, whole or not at all; - for stdout.", HelpName = "FILE", DefaultValueFactory = _ => Stdout };
        var endpoint = EndpointOption.Create();
        var json = CommonOptions.Json();
        format.AcceptOnlyFromAmong("json", "csv", "parquet");
        var command = new Command("result", "Write the result of a run that has succeeded.") { run, store, format, output, endpoint, json };
        EndpointOption.Exclude(command, endpoint, store);
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(output) == Stdout) result.AddError("--json needs --output FILE: stdout takes the document or the result.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (id, word, asJson) = (parsed.GetValue(run)!, parsed.GetValue(format), parsed.GetValue(json));
            var file = new ResultFile(parsed.GetValue(output)!, id, asJson);
            if (parsed.GetValue(endpoint) is { } host)
            {
                return await RemoteRun.AskAsync(host, id, asJson, async there =>
                {
                    await using var result = await there.Client.ResultAsync(id, word, cancellationToken);
                    return await file.WriteAsync(result.ContentType, async (content, token) =>
                    {
                        await result.Content.CopyToAsync(content, token);
                        return null;
                    }, cancellationToken);
                }, cancellationToken);
            }
            return await FromStoreAsync(new Stores(parsed.GetValue(store), null), id, word, file, asJson, cancellationToken);
        });
        return command;
    }

    /// <summary>Asks the handler that serves it over HTTP, so that both give the same.</summary>
    internal static async Task<int> FromStoreAsync(Stores stores, string id, string? format, ResultFile file, bool json, CancellationToken cancellationToken)
    {
        if (!RunPaths.IsRunId(id)) return SpecFile.Refuse([LocalRun.NotFound(id)], json);
        var api = new ApiContext(stores.Data, stores.State, stores.DataLocation, stores.StateLocation, new InProcessIsolation(stores.Data, stores.State), new NoHost(), TimeProvider.System, "in process");
        var http = new DefaultHttpContext { RequestAborted = cancellationToken };
        if (format is not null) http.Request.QueryString = QueryString.Create("format", format);
        var answer = await ResultHandlers.GetAsync(id, http, api);
        if (answer is Problem problem) return SpecFile.Refuse(Errors(problem), json);
        return await file.WriteAsync(null, async (content, _) =>
        {
            http.Response.Body = content;
            var refusal = await ResultHandlers.WriteAsync(answer, http);
            file.ContentType = http.Response.ContentType;
            return refusal is null ? null : Errors(refusal);
        }, cancellationToken);
    }

    static IReadOnlyList<RunError> Errors(Problem problem) =>
        problem.Errors ?? [new RunError(problem.Code, problem.Hint is { } hint && !hint.Contains("/api/", StringComparison.Ordinal) ? $"{problem.Detail} {hint}" : problem.Detail)];

    sealed class NoHost : IRunHost
    {
        public ValueTask DriveAsync(string runId, CancellationToken cancellationToken) => throw new InvalidOperationException("a result starts no run");
    }
}
