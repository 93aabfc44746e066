namespace Fanfold.Workflow.Spec;

/// <summary>What the format has and this build has not. Nothing else depends on these refusals: to support a feature, delete its refusal.</summary>
static class UnsupportedFeatures
{
    public static void Check(RunSpec spec, SpecFaults faults)
    {
        var root = JsonPointer.Root;
        if (spec.Derive.Count > 0)
            Refuse(root.Field("derive"), "Derived columns are not supported yet; write the expression in 'where' or inside the aggregate.");
        if (spec.Strategy == RunStrategy.SharedScan)
            Refuse(root.Field("strategy"), "The strategy 'sharedScan' is not supported yet; write 'auto' or 'perPartition'.");

        void Refuse(JsonPointer at, string message) => faults.Add(SpecErrorCode.Unsupported, at, message);
    }

    /// <summary>Reserved: the records have no place for it.</summary>
    public static void RefuseColumns(SpecNode columns) =>
        columns.Refuse(SpecErrorCode.Unsupported, "Partitions by several columns are not supported yet; write 'column' with one name.");
}
