namespace Fanfold.SdkReference;

/// <summary>What whoever runs a build against these declarations is told.</summary>
public static class NotTheSdk
{
    public const string Sentence =
        "This build of src/Functions was compiled against declarations of the Azure Functions SDK, for feeds that lack it, and does not run. "
        + "Build it with -p:FunctionsSdk=packages, or publish it (`dotnet publish src/Functions`), from a feed that carries the SDK.";

    /// <summary>The body of every member that has one.</summary>
    public static NotSupportedException Called => new(Sentence);
}
