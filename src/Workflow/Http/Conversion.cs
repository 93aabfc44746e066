using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;
using Fanfold.Engine.Json;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Fanfold.Workflow.Http;

/// <summary>
/// A result in another format than it is stored in, written batch by batch as it is read. What fails before the first byte is a problem; what fails
/// later breaks the connection, so that no caller takes a part for the whole.
/// </summary>
sealed class Conversion(IObjectStore state, Manifest manifest, DownloadFormat format, string fileName) : IResult
{
    /// <summary>What one conversion may hold, in bytes: a row group that is written and a batch that is read.</summary>
    internal const long MaxMemory = 64 << 20;

    const int AtOnce = 4;

    static readonly SemaphoreSlim Turns = new(AtOnce);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        // The same rows, not the same bytes: another version may spell them otherwise.
        var etag = new EntityTagHeaderValue($"\"{manifest.Result.Hash}-{format.Word}\"", isWeak: true);
        if (Download.IsKnown(httpContext, etag)) return;
        if (!Turns.Wait(0, CancellationToken.None))
        {
            await new Problem(StatusCodes.Status503ServiceUnavailable, "busy", $"{AtOnce} results are being converted.", "Ask again, or for the stored format, which is never refused.").ExecuteAsync(httpContext);
            return;
        }
        try
        {
            await ConvertAsync(httpContext);
        }
        catch (Exception failure) when (!httpContext.Response.HasStarted && Refusal(failure) is { } refusal)
        {
            httpContext.Response.Clear();
            await refusal.ExecuteAsync(httpContext);
        }
        finally
        {
            Turns.Release();
        }
    }

    async Task ConvertAsync(HttpContext httpContext)
    {
        var (response, aborted) = (httpContext.Response, httpContext.RequestAborted);
        var account = new MemoryAccount(MaxMemory);
        var rows = new ResultRows(state, manifest, account);
        await using var batches = rows.ReadAsync(aborted).GetAsyncEnumerator(aborted);
        var more = await batches.MoveNextAsync();
        response.ContentType = format.ContentType;
        response.Headers.AcceptRanges = "none";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        using var output = new BodyStream(response.BodyWriter);
        using var writer = WriterOf(rows.Schema, output, account);
        for (; more; more = await batches.MoveNextAsync())
        {
            writer.Append(batches.Current);
            if (output.Unflushed > 0) await output.FlushAsync(aborted);
        }
        if (writer.Rows != manifest.Result.Rows) throw new CsvDataException($"the result has {writer.Rows} rows, its manifest says {manifest.Result.Rows}");
        writer.Complete();
        await output.FlushAsync(aborted);
    }

    ResultWriter WriterOf(Schema schema, Stream output, MemoryAccount account) =>
        format == DownloadFormat.Json ? new JsonResult(schema, output)
        : format == DownloadFormat.Csv ? new CsvResult(schema, output)
        : new ParquetResult(schema, output, manifest.FileMetadata, account);

    Problem? Refusal(Exception failure) => failure switch
    {
        StorageException { Failure: StorageFailure.Changed or StorageFailure.NotFound } => ResultHandlers.Gone(manifest.RunId),
        MemoryExceededException or ParquetDataException { InnerException: MemoryExceededException } =>
            new(StatusCodes.Status422UnprocessableEntity, "result-too-wide", $"A row of the result needs more than the {MaxMemory:N0} bytes that a conversion may take.", "Ask for the stored format."),
        ParquetDataException or CsvDataException => new(StatusCodes.Status500InternalServerError, "result-damaged", $"The result can't be read: {failure.Message}", "Start the run under a new id."),
        _ => null,
    };
}

sealed class JsonResult(Schema schema, Stream output) : ResultWriter
{
    readonly JsonFileWriter _writer = new(schema, output);

    public override long Rows => _writer.Rows;

    public override void Append(RowBatch batch) => _writer.Write(batch.Columns);

    public override void Complete() => _writer.Complete();

    public override void Dispose() => _writer.Dispose();
}
