using Fanfold.Client;

// Starts a run, shows its progress, and writes its result to stdout:
//   dotnet run --project samples/Client -- http://127.0.0.1:7117 spec.json > result.parquet
if (args is not [var endpoint, var file])
{
    Console.Error.WriteLine("usage: start-and-fetch ENDPOINT SPEC");
    return 2;
}

// A key must not follow a redirect to another host.
using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
var runs = new RunsClient(http, new Uri(endpoint), new RunsClientOptions { FunctionsKey = Environment.GetEnvironmentVariable("FANFOLD_KEY") });
try
{
    var run = await runs.StartNewAsync(await File.ReadAllTextAsync(file));
    await foreach (var change in runs.WatchAsync(run.RunId))
    {
        run = change.Run;
        Console.Error.WriteLine($"{run.RunId}: {run.Status}{(run.Progress is { } progress ? $", {progress.TasksDone} of {progress.TasksTotal} tasks" : "")}");
    }
    foreach (var error in run.Summary?.Errors ?? []) Console.Error.WriteLine($"{error.Code}: {error.Message}");
    if (run.Status is not (RunStatus.Succeeded or RunStatus.SucceededWithFailures)) return 1;

    await using var result = await runs.ResultAsync(run.RunId);
    await using var stdout = Console.OpenStandardOutput();
    await result.Content.CopyToAsync(stdout);
    return 0;
}
catch (RunsApiException refused)
{
    Console.Error.WriteLine($"{refused.Code}: {refused.Message} (trace {refused.TraceId})");
    return 1;
}
