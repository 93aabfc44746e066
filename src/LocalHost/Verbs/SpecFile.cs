using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.LocalHost.Verbs;

/// <summary>Reads and parses the spec that a verb names; what is wrong is printed here.</summary>
static class SpecFile
{
    /// <summary>The spec, or the exit code after its faults were printed.</summary>
    public static async Task<(RunSpec? Spec, int ExitCode)> ReadAsync(string path, bool json, CancellationToken cancellationToken)
    {
        byte[] bytes;
        try
        {
            bytes = path == "-" ? await ReadStdinAsync(cancellationToken) : await ReadFileAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, Refuse([new RunError("file-not-found", $"There is no spec file '{path}'. It is looked for on this machine, below the current folder; - reads stdin.", File: path)], json));
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(path))
        {
            return (null, Refuse([new RunError("usage", $"'{path}' is a folder; name the spec, a JSON file.", File: path)], json));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, Refuse([new RunError("access-denied", $"The spec file '{path}' can't be read: {exception.Message}", File: path)], json));
        }
        var result = SpecParser.Parse(bytes);
        return result.Spec is { } spec ? (spec, 0) : (null, Refuse(result, json));
    }

    public static int Refuse(SpecResult result, bool json) => Refuse([.. result.Errors.Select(error => new RunError(error.Code, error.Message, Pointer: error.Pointer))], json);

    /// <summary>Prints errors to stderr, and with <c>--json</c> as a document to stdout; returns their exit code.</summary>
    /// <param name="stopped">The run that goes on when it is run again.</param>
    public static int Refuse(IReadOnlyList<RunError> errors, bool json, StoppedRun? stopped = null)
    {
        RunError[] shown = [.. errors.Select(error => error with { Message = Secrets.Hide(error.Message), File = error.File is { } file ? Secrets.Hide(file) : null })];
        PrintErrors(shown);
        if (json) CommandJson.Write(new ErrorDocument(stopped?.RunId, stopped?.Status, shown), CommandJson.Default.ErrorDocument);
        return ExitCode.Of(errors);
    }

    public static void PrintErrors(IReadOnlyList<RunError> errors)
    {
        foreach (var error in errors)
            Console.Error.WriteLine(TerminalText.Safe(error.Pointer is { } pointer ? $"error at {(pointer.Length == 0 ? "the top" : pointer)}: {error.Message}" : $"error: {error.Message}"));
    }

    static async Task<byte[]> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        await using var input = File.OpenRead(path);
        return await ReadAsync(input, cancellationToken);
    }

    static async Task<byte[]> ReadStdinAsync(CancellationToken cancellationToken)
    {
        await using var input = Console.OpenStandardInput();
        // A read of a terminal or a pipe can't be ended.
        return await ReadAsync(input, cancellationToken).WaitAsync(cancellationToken);
    }

    /// <summary>All that is there, up to the first byte that makes it too large to be a spec.</summary>
    static async Task<byte[]> ReadAsync(Stream input, CancellationToken cancellationToken)
    {
        var content = new byte[SpecParser.MaxBytes + 1];
        return content[..await input.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken)];
    }
}
