namespace Fanfold.Workflow.Spec;

/// <summary>What the format has and this build has not. Nothing else depends on these refusals: to support a feature, delete its refusal.</summary>
static class UnsupportedFeatures
{
    /// <summary>Reserved: the records have no place for it.</summary>
    public static void RefuseColumns(SpecNode columns) =>
        columns.Refuse(SpecErrorCode.Unsupported, "Partitions by several columns are not supported yet; write 'column' with one name.");
}
