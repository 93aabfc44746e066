using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Planning;

/// <summary>A file of the source, its footer, and the keys of its path below the source's folder.</summary>
sealed record SourceFile(ObjectProperties Properties, FileMetadata Footer, IReadOnlyList<PathKey> Keys)
{
    public string Path => Properties.Path;
}

/// <summary>Reads the footers of all files, a few at a time.</summary>
static class FooterCatalog
{
    const int Concurrency = 8;

    /// <exception cref="PlanRefusedException">Files that can't be read, all of them.</exception>
    public static async Task<List<SourceFile>> ReadAsync(IObjectStore data, string folder, IReadOnlyList<ObjectProperties> files, Traffic traffic, CancellationToken cancellationToken)
    {
        var footers = new SourceFile?[files.Count];
        var errors = new RunError?[files.Count];
        await Parallel.ForAsync(0, files.Count, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken, TaskScheduler = TaskScheduler.Current }, async (i, token) =>
        {
            try
            {
                await using var reader = await data.OpenAsync(files[i], token);
                footers[i] = new SourceFile(reader.Properties, await FooterReader.ReadAsync(new ObjectSource(reader, traffic), token), PathKeys.Of(folder, files[i].Path));
            }
            catch (ParquetDataException defect)
            {
                errors[i] = new RunError(TaskRunner.Code(defect.Defect), defect.Message, File: files[i].Path);
            }
        });
        if (errors.Any(error => error is not null)) throw new PlanRefusedException([.. errors.OfType<RunError>()]);
        return [.. footers.OfType<SourceFile>()];
    }
}
