using System.Runtime.CompilerServices;
using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>The world's store over the network, as one process has it. A call that is given up may still take effect.</summary>
sealed class StoreView(World world, SimulatedProcess process) : IObjectStore
{
    public async IAsyncEnumerable<ObjectProperties> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (found, request) = await CallAsync(StoreOperation.List, folder, request => (world.Store.ListAsync(folder).ToBlockingEnumerable().ToList(), request), cancellationToken);
        var given = request.Fault == Fault.Torn ? found.Count / 2 : found.Count;
        foreach (var properties in found.Take(given)) yield return properties;
        if (request.Fault == Fault.Torn) throw request.Fail();
    }

    public Task<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default) =>
        CallAsync<IObjectReader?>(StoreOperation.Open, path, _ => Now(world.Store.OpenAsync(path)) is { } reader ? new Reader(this, reader) : null, cancellationToken);

    public Task<IObjectReader> OpenAsync(ObjectProperties version, CancellationToken cancellationToken = default) =>
        CallAsync<IObjectReader>(StoreOperation.Open, version.Path, _ => new Reader(this, Now(world.Store.OpenAsync(version))), cancellationToken);

    public async Task<ObjectProperties> PutAsync(string path, Stream content, PutCondition condition, CancellationToken cancellationToken = default)
    {
        // Not CopyToAsync, whose continuations leave the scheduler.
        using var copy = new MemoryStream();
        var buffer = new byte[4096];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count) copy.Write(buffer, 0, count);
        return await CallAsync(StoreOperation.Put, path, _ => Now(world.Store.PutAsync(path, copy.ToArray(), condition)), cancellationToken);
    }

    public void CheckPath(string path) => world.Store.CheckPath(path);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => CallAsync(StoreOperation.Delete, path, _ => Now(world.Store.DeleteAsync(path)), cancellationToken);

    public Task DeleteVersionAsync(string path, string etag, CancellationToken cancellationToken = default) => CallAsync(StoreOperation.Delete, path, _ => Now(world.Store.DeleteVersionAsync(path, etag)), cancellationToken);

    public async Task<IObjectLease?> TryLeaseAsync(string path, CancellationToken cancellationToken = default)
    {
        var lease = await CallAsync(StoreOperation.Put, path, _ => Take(path), cancellationToken);
        if (lease is not null) lease.IsClaimed = true;
        return lease;
    }

    SimulatedLease? Take(string path)
    {
        // The store's own answer would be the same, after an exception for each that asks.
        if (!world.Leased.Add(path)) return null;
        var taken = Now(world.Store.TryLeaseAsync(path))!;
        var lease = new SimulatedLease(process, path, taken);
        process.Hold(lease);
        return lease;
    }

    static bool Now(Task done)
    {
        done.GetAwaiter().GetResult();
        return true;
    }

    // The store itself never waits.
    static T Now<T>(Task<T> done) => done.IsCompleted ? done.GetAwaiter().GetResult() : throw new InvalidOperationException("the memory store waits");

    async Task<T> CallAsync<T>(StoreOperation operation, string path, Func<StoreRequest, T> effect, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TaskScheduler.Current != process) world.Violate($"{operation} of '{path}' is called outside of the scheduler: {Environment.StackTrace}");
        var reply = new TaskCompletionSource<T>();
        using var givenUp = cancellationToken.UnsafeRegister(_ => process.Start(() => { reply.TrySetCanceled(cancellationToken); }), null);
        world.Send(new StoreRequest(process, operation, path, request =>
        {
            if (request.Fault == Fault.BeforeEffect || request.Fault == Fault.Torn && operation is not (StoreOperation.List or StoreOperation.Read)) return () => reply.TrySetException(request.Fail());
            try
            {
                var result = effect(request);
                request.HadEffect = true;
                if (request.Fault == Fault.LostReply) return () => reply.TrySetException(request.Fail());
                return () => reply.TrySetResult(result);
            }
            catch (StorageException refused)
            {
                return () => reply.TrySetException(refused);
            }
        }));
        return await reply.Task;
    }

    sealed class Reader(StoreView view, IObjectReader reader) : IObjectReader
    {
        public ObjectProperties Properties => reader.Properties;

        public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // A read that was given up must not write into a buffer that is another's by then.
            var (bytes, request) = await view.CallAsync(StoreOperation.Read, Properties.Path, request =>
            {
                var bytes = new byte[buffer.Length];
                Now(reader.ReadAsync(offset, bytes).AsTask());
                return (bytes, request);
            }, cancellationToken);
            var torn = request.Fault == Fault.Torn;
            bytes.AsMemory(0, torn ? bytes.Length / 2 : bytes.Length).CopyTo(buffer);
            if (torn) throw request.Fail();
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>A lease that can be lost long before its holder learns of it.</summary>
sealed class SimulatedLease(SimulatedProcess process, string path, IObjectLease taken) : IObjectLease
{
    readonly CancellationTokenSource _lost = new();
    bool _isFree;

    public string Path => path;

    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether its holder knows that it has it.</summary>
    public bool IsClaimed { get; set; }

    public void Lose() => _lost.Cancel();

    /// <summary>Another may take it from here on.</summary>
    public void Free()
    {
        if (_isFree) return;
        _isFree = true;
        process.World.Leased.Remove(path);
        taken.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    public async Task DeleteAsync(CancellationToken cancellationToken = default)
    {
        await process.Store.DeleteAsync(path, cancellationToken);
        await DisposeAsync();
    }

    public ValueTask DisposeAsync()
    {
        if (process.IsDead) return ValueTask.CompletedTask;
        process.Release(this);
        Free();
        return ValueTask.CompletedTask;
    }
}
