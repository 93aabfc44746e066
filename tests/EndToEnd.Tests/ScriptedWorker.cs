namespace Fanfold.EndToEnd.Tests;

/// <summary>A worker of the user's own, as <c>--worker</c> takes it: a script that looks at its task first, and then is the stock worker or misbehaves.</summary>
static class ScriptedWorker
{
    /// <param name="misbehave">
    /// Lines of a shell script with <c>$task</c>, the task's JSON, and <c>$number</c>, which counts the workers that were started from 1. Where they come to their end, the worker does its task.
    /// </param>
    /// <returns>The script's path.</returns>
    public static async Task<string> WriteAsync(Fanfold fanfold, string misbehave)
    {
        var command = await Executable.GetAsync();
        var stock = command.Prefix.Count == 0 ? $"\"{Path.Combine(Path.GetDirectoryName(command.File)!, "Worker.native")}\"" : $"{Executable.DotNet} exec \"{Path.Combine(AppContext.BaseDirectory, "Worker.dll")}\"";
        var file = Path.Combine(fanfold.Folder, "scripted-worker");
        await File.WriteAllTextAsync(file, $"""
            #!/bin/sh
            echo $$ >> "$FANFOLD_WORKER_LOG"
            number=$(wc -l < "$FANFOLD_WORKER_LOG")
            IFS= read -r task
            {misbehave}
            (printf '%s\n' "$task"; cat) | {stock}

            """, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }
}
