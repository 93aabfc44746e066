using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>The memory store without waiting, and unseen by the simulated network.</summary>
static class StoreContent
{
    /// <returns>The version.</returns>
    public static string Put(this MemoryObjectStore store, string path, byte[] content) => store.PutAsync(path, content, PutCondition.None).GetAwaiter().GetResult().ETag;

    public static (byte[] Bytes, string ETag)? Read(this MemoryObjectStore store, string path)
    {
        if (store.OpenAsync(path).GetAwaiter().GetResult() is not { } reader) return null;
        var bytes = new byte[reader.Properties.Length];
        reader.ReadAsync(0, bytes).AsTask().GetAwaiter().GetResult();
        return (bytes, reader.Properties.ETag);
    }

    public static List<string> Paths(this MemoryObjectStore store, string folder) => [.. store.ListAsync(folder).ToBlockingEnumerable().Select(found => found.Path)];
}
