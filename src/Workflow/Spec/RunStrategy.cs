namespace Fanfold.Workflow.Spec;

/// <summary>How the work is cut into tasks; never changes the result.</summary>
public enum RunStrategy
{
    /// <summary>The planner takes the cheaper of the allowed ones.</summary>
    Auto,
    /// <summary>One task per partition value.</summary>
    PerPartition,
    /// <summary>One task per slice of row groups, all partitions at once.</summary>
    SharedScan,
}
