namespace Fanfold.Engine.Parquet;

/// <summary>
/// The bytes of one column chunk, from a position on: those that were read ahead as they are, others through a window that slides over the
/// chunk. Bytes that are passed over are not fetched unless a read already holds them.
/// </summary>
sealed class ChunkBytes(IByteSource source, ReadAhead ahead, Buffers buffers) : IDisposable
{
    const int WindowLength = 1 << 20;

    /// <summary>The window's length where there is no room for more.</summary>
    const int SmallWindow = 64 << 10;

    /// <summary>Nearly all headers are shorter; long statistics make them longer.</summary>
    const int HeaderLength = 1024;

    byte[] _window = [];
    int _start;
    int _count;
    long _position;
    long _softEnd;
    long _hardEnd;
    ReadOnlyMemory<byte> _ahead;

    /// <summary>Begins a chunk. Reads stop at <paramref name="softEnd"/>, where the metadata ends the chunk, unless a page needs more, and never pass <paramref name="hardEnd"/>.</summary>
    public void Open(long position, long softEnd, long hardEnd)
    {
        _position = position;
        _softEnd = softEnd;
        _hardEnd = hardEnd;
        _start = _count = 0;
        _ahead = default;
    }

    public long Remaining => _hardEnd - _position;

    /// <summary>Bytes to where the metadata ends the chunk; some old writers count it without a page header.</summary>
    public long RemainingInChunk => Math.Max(0, _softEnd - _position);

    /// <summary>The bytes from the position on: at least <paramref name="length"/> of them, or all that remain. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int length, CancellationToken cancellationToken)
    {
        var needed = (int)Math.Min(length, Remaining);
        if (_ahead.Length < needed && _count < needed) _ahead = await ahead.FindAsync(_position, needed, cancellationToken);
        if (_ahead.Length >= needed) return _ahead;
        if (_count < needed) await FillAsync(needed, cancellationToken);
        return _window.AsMemory(_start, _count);
    }

    /// <summary>Bytes in which a page's header may well end; empty at the end of the file's data. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekHeaderAsync(CancellationToken cancellationToken)
    {
        if (_ahead.Length == 0 && _count == 0) _ahead = await ahead.FindAsync(_position, 1, cancellationToken);
        return _ahead.Length > 0 ? _ahead : await PeekAsync((int)Math.Clamp(RemainingInChunk, 1, HeaderLength), cancellationToken);
    }

    public void Advance(int length)
    {
        if (length > Remaining) throw new ParquetDataException(ParquetDefect.Truncated, $"a page of {length} bytes begins where {Remaining} bytes of data remain");
        MoveTo(_position + length);
    }

    /// <summary>Of the next byte.</summary>
    public long Position => _position;

    public bool HoldsWindow => _window.Length > 0;

    /// <summary>What of a window for so many bytes <see cref="Shrink"/> leaves.</summary>
    public static long KeptOf(int length) => length > WindowLength ? 0 : Buffers.SizeOf(length);

    public void MoveTo(long position)
    {
        var length = position - _position;
        _position = position;
        if (length < 0) (_ahead, _count, length) = (default, 0, 0);
        _ahead = length < _ahead.Length ? _ahead[(int)length..] : default;
        var held = (int)Math.Min(length, _count);
        _start += held;
        _count -= held;
        if (_count == 0) _start = 0;
    }

    /// <summary>Gives up a window that only a large page needed, once its bytes are passed.</summary>
    public void Shrink()
    {
        if (_count == 0 && _window.Length > WindowLength) Drop();
    }

    /// <summary>Gives up the window; what is needed of it is read again.</summary>
    public void Drop()
    {
        buffers.Return(_window);
        _window = [];
        _start = _count = 0;
    }

    public void Dispose() => Drop();

    async ValueTask FillAsync(int needed, CancellationToken cancellationToken)
    {
        var wanted = Math.Max(needed, (int)Math.Min(WindowLength, RemainingInChunk));
        if (_window.Length < wanted && Enlarge(needed, wanted) is { } larger)
        {
            _window.AsSpan(_start, _count).CopyTo(larger);
            buffers.Return(_window);
            _window = larger;
            _start = 0;
        }
        else if (_start + wanted > _window.Length)
        {
            _window.AsSpan(_start, _count).CopyTo(_window);
            _start = 0;
        }
        wanted = Math.Min(wanted, _window.Length);
        await source.ReadAsync(_position + _count, _window.AsMemory(_start + _count, wanted - _count), cancellationToken);
        _count = wanted;
    }

    /// <summary>A window of a sensible length where there is room for it, else one that just does; null when the present one does.</summary>
    byte[]? Enlarge(int needed, int wanted)
    {
        if (buffers.TryRent((int)Math.Max(wanted, Math.Min(WindowLength, Remaining)), out var larger)) return larger;
        if (_window.Length >= needed) return null;
        // What is in the old one is read once more: both together may have no room.
        Drop();
        return buffers.Rent(Math.Max(needed, (int)Math.Min(SmallWindow, RemainingInChunk)));
    }
}
