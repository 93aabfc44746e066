namespace Fanfold.Workflow.Running;

/// <summary>Another process drives the run from here on.</summary>
public sealed class DriverReplacedException(string runId) : Exception($"the run '{runId}' is driven by another process now");
