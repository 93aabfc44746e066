using Fanfold.Storage;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>Finds the files of a source.</summary>
static class SourceListing
{
    /// <summary>The selected files in plan order.</summary>
    /// <exception cref="PlanRefusedException">The folder does not exist, holds no selected file, or belongs to a table format.</exception>
    public static async Task<List<ObjectProperties>> ListAsync(IObjectStore data, SourceSpec source, CancellationToken cancellationToken)
    {
        var filter = source.CreateFilter();
        var files = new List<ObjectProperties>();
        var seen = 0;
        await foreach (var entry in data.ListAsync(source.Path, cancellationToken))
        {
            seen++;
            // A source may also be a single file, which the listing then gives by itself.
            var isFile = entry.Path == source.Path;
            var relative = isFile ? entry.Path[(entry.Path.LastIndexOf('/') + 1)..] : entry.Path[(source.Path.Length + 1)..];
            if (!source.Raw && TableFormat(relative) is { } format)
            {
                throw new PlanRefusedException("table-format",
                    $"'{source.Path}' is {format} table: its folder also holds files that are no longer part of it. Export the table's current content, or set \"source.raw\": true to read the bare files.",
                    pointer: "/source/path");
            }
            if (!IsHidden(relative) && (isFile || filter.Selects(relative))) files.Add(entry);
        }
        if (seen == 0)
            throw new PlanRefusedException("source-not-found", $"There is nothing at '{source.Path}' in the data store; check \"source.path\" and --data (or --store).", pointer: "/source/path");
        if (files.Count == 0)
        {
            throw new PlanRefusedException("no-parquet-files",
                $"'{source.Path}' holds {seen} file(s), but none that \"source.include\" ({string.Join(", ", source.Include)}) selects and \"source.exclude\" leaves. Change those, or name the folder that has the files.", pointer: "/source/include");
        }
        return files;
    }

    // Names that begin with _ or . are markers and temporary files by the convention of Hadoop's writers.
    static bool IsHidden(string relative)
    {
        foreach (var range in relative.AsSpan().Split('/'))
        {
            if (relative[range] is ['_' or '.', ..]) return true;
        }
        return false;
    }

    static string? TableFormat(string relative) =>
        relative.StartsWith("_delta_log/", StringComparison.Ordinal) || relative.Contains("/_delta_log/", StringComparison.Ordinal) ? "a Delta Lake"
        : relative.EndsWith(".metadata.json", StringComparison.Ordinal) && ("/" + relative).Contains("/metadata/", StringComparison.Ordinal) ? "an Iceberg"
        : null;
}
