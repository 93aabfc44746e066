using Azure.Storage;
using Azure.Storage.Blobs;
using Fanfold.Storage;
using Fanfold.Tests;
using Microsoft.Extensions.Time.Testing;

namespace Fanfold.Workflow.Tests.Storage;

/// <summary>A store over faults, and beside it one that sees what is really there.</summary>
public abstract class BlobStoreTest(Azurite azurite) : IAsyncLifetime
{
    protected const int BlockBytes = 64 * 1024;

    BlobObjectStore? _store, _plain;

    private protected FaultTransport Faults { get; } = new();

    protected string Container { get; } = Azurite.NewContainer();

    protected CountingTime Time { get; } = new();

    protected Azurite Azurite { get; } = azurite;

    protected Uri? Endpoint { get; private set; }

    protected BlobObjectStore Store => _store!;

    protected BlobObjectStore Plain => _plain!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        Endpoint = await Azurite.EndpointAsync();
        _plain = BlobObjectStore.InAzurite(Endpoint);
        SetTimeout(TimeSpan.FromSeconds(30));
        await Plain.PutAsync($"{Container}/first", Bytes(1), PutCondition.None, Cancellation);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>A container as other programs see it.</summary>
    public static BlobContainerClient Foreign(Uri endpoint, string container)
    {
        var credential = new StorageSharedKeyCredential("devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
        var options = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2021_12_02) { TrimBlobNameSlashes = false };
        return new BlobServiceClient(endpoint, credential, options).GetBlobContainerClient(container);
    }

    private protected BlobRequestOptions Options => new() { Transport = Faults, RetryDelay = TimeSpan.FromMilliseconds(1), BlockBytes = BlockBytes, Time = Time, FindHost = (_, _) => Task.CompletedTask };

    /// <summary>Makes the store give up a try that is not answered in this time.</summary>
    /// <param name="patience">As <see cref="BlobRequestOptions.Patience"/> has it.</param>
    protected void SetTimeout(TimeSpan timeout, TimeSpan? patience = null) => _store = BlobObjectStore.InAzurite(Endpoint, Options with { NetworkTimeout = timeout, Patience = patience ?? Options.Patience });

    protected string In(string name) => $"{Container}/{name}";

    protected static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    protected sealed class CountingTime : FakeTimeProvider
    {
        int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }

    protected static async Task<StorageException> FailsAsync(StorageFailure failure, Func<Task> action)
    {
        var exception = await Assert.ThrowsAsync<StorageException>(action);
        Assert.Equal(failure, exception.Failure);
        return exception;
    }
}
