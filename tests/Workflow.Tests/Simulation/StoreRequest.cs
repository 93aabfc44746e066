using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>What becomes of a call.</summary>
enum Fault
{
    None,
    /// <summary>It fails and had no effect.</summary>
    BeforeEffect,
    /// <summary>It had its effect, and fails.</summary>
    LostReply,
    /// <summary>A listing or a read breaks off halfway; of what is put, nothing is there.</summary>
    Torn,
    /// <summary>It never arrives and is never answered.</summary>
    Vanish,
}

/// <summary>A call of the store on its way.</summary>
/// <param name="takeEffect">Gives what answers the call; run by its process, if that still lives.</param>
sealed class StoreRequest(SimulatedProcess process, StoreOperation operation, string path, Func<StoreRequest, Action> takeEffect)
{
    public SimulatedProcess Process => process;

    public StoreOperation Operation => operation;

    public string Path => path;

    /// <summary>Counts all calls of a world from 1.</summary>
    public int Ordinal { get; set; }

    public Fault Fault { get; set; }

    public StorageFailure Failure { get; set; } = StorageFailure.Unreachable;

    /// <summary>How long it is on its way before it takes effect.</summary>
    public TimeSpan Hold { get; set; }

    public bool HadEffect { get; set; }

    public bool IsJournalPut => operation == StoreOperation.Put && path.Contains("/journal/", StringComparison.Ordinal);

    /// <summary>Whether a power cut may leave a beginning of what is put.</summary>
    public bool MayBeTorn => IsJournalPut || operation == StoreOperation.Put && IsVolatile(path);

    /// <summary>Whether an object need not outlive a power cut.</summary>
    public static bool IsVolatile(string path) => path.Contains("/attempts/", StringComparison.Ordinal);

    public Action TakeEffect() => takeEffect(this);

    public StorageException Fail() => new(Failure, path, $"{operation} of '{path}' failed ({Fault})");
}
