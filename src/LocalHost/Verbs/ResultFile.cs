using Fanfold.Workflow.Running;

namespace Fanfold.LocalHost.Verbs;

/// <summary>Where a result is written: stdout, or a file that appears when it is whole.</summary>
/// <param name="path">- for stdout.</param>
/// <param name="openStdout">Null for that of this process.</param>
sealed class ResultFile(string path, string runId, bool json, Func<Stream>? openStdout = null)
{
    /// <summary>Known before or after it was written.</summary>
    public string? ContentType { get; set; }

    /// <summary>Writes it, and says so; returns the exit code.</summary>
    /// <param name="copyAsync">Returns why what it wrote is not the whole; null when it is.</param>
    public async Task<int> WriteAsync(string? contentType, Func<Stream, CancellationToken, Task<IReadOnlyList<RunError>?>> copyAsync, CancellationToken cancellationToken)
    {
        ContentType = contentType;
        if (path == "-")
        {
            await using var stdout = openStdout?.Invoke() ?? Console.OpenStandardOutput();
            return await copyAsync(stdout, cancellationToken) is { } part ? SpecFile.Refuse(part, json) : ExitCode.Succeeded;
        }
        var target = Path.GetFullPath(path);
        var half = $"{target}.{Guid.NewGuid():N}.tmp";
        if (Path.GetDirectoryName(target) is { } folder && !Directory.Exists(folder)) return SpecFile.Refuse([new RunError("file-not-written", $"'{path}' can't be written: there is no folder '{folder}'; make it first.", File: path)], json);
        try
        {
            long bytes;
            await using (var content = new FileStream(half, FileMode.CreateNew, FileAccess.Write))
            {
                if (await copyAsync(content, cancellationToken) is { } failed) return SpecFile.Refuse(failed, json);
                bytes = content.Length;
            }
            File.Move(half, target, overwrite: true);
            if (json) CommandJson.Write(new ResultDocument(runId, ContentType, target, bytes), CommandJson.Default.ResultDocument);
            else await Console.Error.WriteLineAsync(TerminalText.Safe($"{TerminalText.Bytes(bytes)} written to {target}"));
            return ExitCode.Succeeded;
        }
        catch (Exception unwritable) when (unwritable is UnauthorizedAccessException or IOException and not HttpIOException)
        {
            return SpecFile.Refuse([new RunError("file-not-written", $"'{path}' can't be written ({unwritable.Message.TrimEnd('.')}).", File: path)], json);
        }
        finally
        {
            if (File.Exists(half)) File.Delete(half);
        }
    }
}
