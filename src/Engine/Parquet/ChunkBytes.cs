namespace Fanfold.Engine.Parquet;

/// <summary>A window that slides over the bytes of one column chunk. Skipped bytes are not fetched unless a window already holds them.</summary>
sealed class ChunkBytes(IByteSource source)
{
    const int WindowLength = 1024 * 1024;

    byte[] _window = [];
    int _start;
    int _count;
    long _position;
    long _softEnd;
    long _hardEnd;

    /// <summary>Begins a chunk. Reads stop at <paramref name="softEnd"/>, where the metadata ends the chunk, unless a page needs more, and never pass <paramref name="hardEnd"/>.</summary>
    public void Open(long position, long softEnd, long hardEnd)
    {
        _position = position;
        _softEnd = softEnd;
        _hardEnd = hardEnd;
        _start = _count = 0;
    }

    public long Remaining => _hardEnd - _position;

    /// <summary>The bytes from the position on: at least <paramref name="length"/> of them, or all that remain. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int length, CancellationToken cancellationToken)
    {
        var needed = (int)Math.Min(length, Remaining);
        if (_count < needed)
        {
            // Some old writers count the chunk's size without a page header, so a page that needs more than the soft end gets it.
            var wanted = Math.Max(needed, (int)Math.Min(WindowLength, Math.Max(0, _softEnd - _position)));
            if (_window.Length < wanted)
            {
                var larger = new byte[Math.Max(wanted, Math.Min(WindowLength, (int)Math.Min(int.MaxValue, _hardEnd - _position)))];
                _window.AsSpan(_start, _count).CopyTo(larger);
                _window = larger;
                _start = 0;
            }
            else if (_start + wanted > _window.Length)
            {
                _window.AsSpan(_start, _count).CopyTo(_window);
                _start = 0;
            }
            await source.ReadAsync(_position + _count, _window.AsMemory(_start + _count, wanted - _count), cancellationToken);
            _count = wanted;
        }
        return _window.AsMemory(_start, _count);
    }

    public void Advance(int length)
    {
        if (length > Remaining) throw new ParquetDataException(ParquetDefect.Truncated, $"a page of {length} bytes begins where {Remaining} bytes of data remain");
        _position += length;
        var held = Math.Min(length, _count);
        _start += held;
        _count -= held;
        if (_count == 0) _start = 0;
    }
}
