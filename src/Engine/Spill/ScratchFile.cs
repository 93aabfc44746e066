namespace Fanfold.Engine.Spill;

/// <summary>One scratch file, written forward and read anywhere. Disposing frees its space.</summary>
public sealed class ScratchFile : IDisposable
{
    const int BufferLength = 64 << 10;

    readonly ScratchSpace _space;
    readonly FileStream _stream;
    byte[] _buffer = [];
    int _buffered;
    long _written;

    internal ScratchFile(ScratchSpace space, FileStream stream) => (_space, _stream) = (space, stream);

    public long Length => _written + _buffered;

    /// <exception cref="ScratchFullException">The budget or the disk has no room for it.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _space.Take(bytes.Length);
        if (_buffer.Length == 0) _buffer = new byte[BufferLength];
        if (_buffered + bytes.Length > _buffer.Length) Flush();
        if (bytes.Length >= _buffer.Length) Write(bytes);
        else
        {
            bytes.CopyTo(_buffer.AsSpan(_buffered));
            _buffered += bytes.Length;
        }
    }

    /// <summary>Writes what is buffered and gives the buffer up; after it the file is only read.</summary>
    public void Complete()
    {
        Flush();
        _buffer = [];
    }

    /// <summary>Fills <paramref name="target"/> from <paramref name="offset"/> on, which lies before what was written last.</summary>
    public void Read(long offset, Span<byte> target)
    {
        if (offset + target.Length > _written) throw new InvalidOperationException("a scratch file is read past its end");
        for (int read; target.Length > 0; target = target[read..], offset += read)
        {
            read = RandomAccess.Read(_stream.SafeFileHandle, target, offset);
            if (read == 0) throw new IOException("a scratch file is shorter than what was written to it");
        }
    }

    public void Dispose()
    {
        _space.Give(Length);
        _written = _buffered = 0;
        _stream.Dispose();
    }

    void Flush()
    {
        if (_buffered == 0) return;
        var count = _buffered;
        _buffered = 0;
        Write(_buffer.AsSpan(0, count));
    }

    void Write(ReadOnlySpan<byte> bytes)
    {
        // Counted before, so that Length never tells less than the space that was taken.
        var offset = _written;
        _written += bytes.Length;
        try
        {
            RandomAccess.Write(_stream.SafeFileHandle, bytes, offset);
        }
        catch (IOException failure) when (ScratchSpace.IsFull(failure))
        {
            throw _space.Full(failure);
        }
    }
}
