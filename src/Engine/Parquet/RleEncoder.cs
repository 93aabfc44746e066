using System.Buffers;

namespace Fanfold.Engine.Parquet;

/// <summary>Encodes the RLE / bit-packing hybrid: runs of eight or more equal values as RLE, the rest bit-packed in groups of eight.</summary>
/// <remarks>Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".</remarks>
ref struct RleEncoder(ByteWriter output, int bitWidth)
{
    const int MaxPacked = 512;

    readonly int[] _pending = ArrayPool<int>.Shared.Rent(MaxPacked);
    int _pendingCount;
    int _runValue;
    int _runLength;

    public void Add(int value)
    {
        if (_runLength > 0 && value == _runValue)
        {
            _runLength++;
            return;
        }
        EndRun();
        _runValue = value;
        _runLength = 1;
    }

    public void Finish()
    {
        EndRun();
        FlushPacked();
        ArrayPool<int>.Shared.Return(_pending);
    }

    void EndRun()
    {
        // A packed group must be full before an RLE run can follow, so a run first fills the group up.
        while (_runLength > 0 && (_runLength < 8 || (_pendingCount & 7) != 0))
        {
            _pending[_pendingCount++] = _runValue;
            _runLength--;
            if (_pendingCount == MaxPacked) FlushPacked();
        }
        if (_runLength == 0) return;
        FlushPacked();
        Varint((ulong)_runLength << 1);
        for (var i = 0; i < (bitWidth + 7) >> 3; i++) Byte((byte)(_runValue >> (8 * i)));
        _runLength = 0;
    }

    void FlushPacked()
    {
        if (_pendingCount == 0) return;
        var groups = (_pendingCount + 7) >> 3;
        _pending.AsSpan(_pendingCount, groups * 8 - _pendingCount).Clear();
        Varint((ulong)groups << 1 | 1);
        ulong bits = 0;
        var count = 0;
        for (var i = 0; i < groups * 8; i++)
        {
            bits |= (ulong)(uint)_pending[i] << count;
            for (count += bitWidth; count >= 8; count -= 8, bits >>= 8) Byte((byte)bits);
        }
        _pendingCount = 0;
    }

    void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    void Byte(byte value) => output.Add(value);
}
