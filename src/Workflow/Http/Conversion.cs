using Fanfold.Engine;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;
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
/// <param name="runId">Whose result is asked for; the manifest may be that of a run with the same.</param>
sealed class Conversion(ApiContext api, string runId, Manifest manifest, DownloadFormat format, string fileName) : IResult
{
    /// <summary>What one conversion may hold, in bytes: a row group that is written and a batch that is read.</summary>
    internal const long MaxMemory = 64 << 20;

    /// <summary>What is written is sent whenever it is so much, in bytes.</summary>
    internal const int SliceBytes = 1 << 20;

    /// <summary>Of one host.</summary>
    internal const int AtOnce = 4;

    /// <summary>How long a caller may take for one slice before the connection is broken, so that no one keeps a turn who does not read.</summary>
    internal static readonly TimeSpan SlicePatience = TimeSpan.FromSeconds(30);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        // The same rows, not the same bytes: another version may spell them otherwise.
        var etag = new EntityTagHeaderValue($"\"{manifest.Result.Hash}-{format.Word}\"", isWeak: true);
        if (Download.IsKnown(httpContext, etag)) return;
        using var output = new BodyStream(httpContext.Response.BodyWriter, SlicePatience, api.Time);
        try
        {
            if (await TryAsync(httpContext, output, () => !output.HasBegun) is not { } refusal) return;
            httpContext.Response.Clear();
            await refusal.ExecuteAsync(httpContext);
        }
        catch (TimeoutException)
        {
            httpContext.Abort();
        }
    }

    /// <summary>Writes it for a caller who is told of a failure however much was written. Null when the whole was.</summary>
    public async Task<Problem?> WriteAsync(HttpContext httpContext)
    {
        using var output = new BodyStream(httpContext.Response.BodyWriter, Timeout.InfiniteTimeSpan, api.Time);
        return await TryAsync(httpContext, output, static () => true);
    }

    async Task<Problem?> TryAsync(HttpContext httpContext, BodyStream output, Func<bool> canRefuse)
    {
        if (!await api.Conversions.TryTakeAsync(api.Time, httpContext.RequestAborted))
            return new Problem(StatusCodes.Status503ServiceUnavailable, "busy", $"{AtOnce} results are being converted.", IsFolder ? "Ask again." : "Ask again, or for the stored format, which is never refused.");
        try
        {
            await ConvertAsync(httpContext, output);
            return null;
        }
        catch (Exception failure) when (canRefuse() && Refusal(failure) is { } refusal)
        {
            return refusal;
        }
        finally
        {
            api.Conversions.Release();
        }
    }

    async Task ConvertAsync(HttpContext httpContext, BodyStream output)
    {
        var (response, aborted) = (httpContext.Response, httpContext.RequestAborted);
        var account = new MemoryAccount(MaxMemory);
        var rows = new ResultRows(api.State, manifest, account);
        await using var batches = rows.ReadAsync(aborted).GetAsyncEnumerator(aborted);
        var more = await batches.MoveNextAsync();
        response.ContentType = format.ContentType;
        response.Headers.AcceptRanges = "none";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        using var writer = WriterOf(rows.Schema, output, account);
        for (; more; more = await batches.MoveNextAsync())
        {
            foreach (var (from, to) in Slices(batches.Current))
            {
                writer.Append(batches.Current.Columns, from, to);
                if (output.Unflushed >= SliceBytes) await output.FlushAsync(aborted);
            }
        }
        if (writer.Rows != manifest.Result.Rows) throw new CsvDataException($"the result has {writer.Rows} rows, its manifest says {manifest.Result.Rows}");
        writer.Complete();
        await output.FlushAsync(aborted);
    }

    /// <summary>Stretches of rows whose values are no larger together than a slice, but for single rows: codes of a batch may stand for far more than the batch holds.</summary>
    static IEnumerable<(int From, int To)> Slices(RowBatch batch)
    {
        long bytes = 0;
        var from = 0;
        for (var row = 0; row < batch.Rows; row++)
        {
            long of = 0;
            foreach (var column in batch.Columns) of += column.Type.Lane == Lane.Bytes ? column.BytesOf(row, 1) : column.Type.Width;
            if (row > from && bytes + of > SliceBytes)
            {
                yield return (from, row);
                (from, bytes) = (row, 0);
            }
            bytes += of;
        }
        yield return (from, batch.Rows);
    }

    DownloadWriter WriterOf(Schema schema, Stream output, MemoryAccount account) =>
        format == DownloadFormat.Json ? new JsonDownload(schema, output)
        : format == DownloadFormat.Csv ? new CsvDownload(schema, output)
        : new ParquetDownload(schema, output, manifest.FileMetadata, account);

    /// <summary>Whether it can't be given as it is stored.</summary>
    bool IsFolder => manifest.Result.Format == ResultFormat.Hive;

    Problem? Refusal(Exception failure) => failure switch
    {
        StorageException { Failure: StorageFailure.Changed or StorageFailure.NotFound } => ResultHandlers.Gone(runId),
        MemoryExceededException or ParquetDataException { InnerException: MemoryExceededException } =>
            new(StatusCodes.Status422UnprocessableEntity, "result-too-wide", $"A row of the result needs more than the {MaxMemory:N0} bytes that a conversion may take.", IsFolder ? "Read the files that the manifest names." : "Ask for the stored format."),
        ParquetDataException or CsvDataException => new(StatusCodes.Status500InternalServerError, "result-damaged", $"The result can't be read: {failure.Message}", "Start the run under a new id."),
        _ => null,
    };
}
