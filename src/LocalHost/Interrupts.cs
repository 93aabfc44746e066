using System.Runtime.InteropServices;

namespace Fanfold.LocalHost;

/// <summary>What asks the command to stop: Ctrl-C, a system that goes down, a terminal that closes. The first one is obeyed in order, the second at once.</summary>
sealed class Interrupts : IDisposable
{
    readonly CancellationTokenSource _source = new();
    readonly PosixSignalRegistration[] _registrations;

    public Interrupts() =>
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Obey))];

    public CancellationToken Token => _source.Token;

    void Obey(PosixSignalContext signal)
    {
        signal.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _source.Dispose();
    }
}
