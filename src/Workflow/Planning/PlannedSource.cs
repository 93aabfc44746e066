namespace Fanfold.Workflow.Planning;

/// <summary>All that footers and spec tell, of which tasks are made.</summary>
/// <param name="ReductionHash">Of what is done with the rows.</param>
sealed record PlannedSource(ResolvedSpec Resolved, IReadOnlyList<SourceFile> Sources, IReadOnlyList<PlannedFile> Files, BoundsTable Bounds, DistinctEstimate Distinct, string ReductionHash)
{
    /// <summary>Whether some file stores the partition column, so that counting its values means reading.</summary>
    public bool IsStored => Resolved.Sources[0].Files.Any(file => file.Stored is not null);
}
