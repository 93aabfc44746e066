using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

interface IConversion<TPhysical, TLane>
{
    static abstract TLane Convert(TPhysical value);
}

readonly struct Same<T> : IConversion<T, T>
{
    public static T Convert(T value) => value;
}

readonly struct Widen : IConversion<int, long>
{
    public static long Convert(int value) => value;
}

readonly struct WidenUnsigned : IConversion<int, long>
{
    public static long Convert(int value) => (uint)value;
}

readonly struct WidenTo128 : IConversion<int, Int128>
{
    public static Int128 Convert(int value) => value;
}

readonly struct WidenLongTo128 : IConversion<long, Int128>
{
    public static Int128 Convert(long value) => value;
}

/// <summary>Decodes INT32, INT64, FLOAT and DOUBLE: PLAIN, BYTE_STREAM_SPLIT and, for integers, DELTA_BINARY_PACKED.</summary>
sealed class FixedDecoder<TPhysical, TLane, TConversion> : ValueDecoder
    where TPhysical : unmanaged, INumberBase<TPhysical>
    where TLane : unmanaged
    where TConversion : IConversion<TPhysical, TLane>
{
    static readonly int Width = Unsafe.SizeOf<TPhysical>();
    static readonly bool IsInteger = typeof(TPhysical) == typeof(int) || typeof(TPhysical) == typeof(long) || typeof(TPhysical) == typeof(ulong);

    Encoding _encoding;
    ReadOnlyMemory<byte> _data;
    int _position;
    int _streamLength;
    DeltaBinaryPackedDecoder _delta;
    long[] _deltas = [];

    public override void Start(Encoding encoding, ReadOnlyMemory<byte> data, int maxValues)
    {
        _encoding = encoding;
        _data = data;
        _position = 0;
        switch (encoding)
        {
            case Encoding.Plain: break;
            case Encoding.ByteStreamSplit:
                if (data.Length % Width != 0) throw new ParquetDataException(ParquetDefect.Corrupt, $"a split byte stream of {data.Length} bytes for values of {Width}");
                _streamLength = data.Length / Width;
                break;
            case Encoding.DeltaBinaryPacked when IsInteger:
                _delta = new DeltaBinaryPackedDecoder(data, typeof(TPhysical) == typeof(int));
                if (_deltas.Length == 0) _deltas = new long[256];
                break;
            default: throw Unsupported(encoding, typeof(TPhysical).Name);
        }
    }

    public override void Append(int count, Column target)
    {
        // Checked before the column grows: a dictionary asks for all that its header counts.
        if (_encoding != Encoding.DeltaBinaryPacked) Require(count);
        var slots = ((Column<TLane>)target).AppendSpan(count);
        if (typeof(TPhysical) == typeof(TLane))
        {
            Decode(MemoryMarshal.Cast<TLane, TPhysical>(slots));
            return;
        }
        Span<TPhysical> scratch = stackalloc TPhysical[256];
        for (var left = slots; left.Length > 0; left = left[Math.Min(left.Length, scratch.Length)..])
        {
            var part = scratch[..Math.Min(left.Length, scratch.Length)];
            Decode(part);
            for (var i = 0; i < part.Length; i++) left[i] = TConversion.Convert(part[i]);
        }
    }

    public override void Gather(ReadOnlySpan<int> positions, int start, int count, Column target)
    {
        if (_encoding != Encoding.Plain)
        {
            base.Gather(positions, start, count, target);
            return;
        }
        var values = MemoryMarshal.Cast<byte, TPhysical>(_data.Span.Slice(Take(count) * Width, count * Width));
        var slots = ((Column<TLane>)target).AppendSpan(positions.Length);
        for (var i = 0; i < slots.Length; i++) slots[i] = TConversion.Convert(values[positions[i] - start]);
    }

    public override void Skip(int count)
    {
        if (_encoding == Encoding.DeltaBinaryPacked)
        {
            for (; count > 0; count -= _deltas.Length) _delta.Decode(_deltas.AsSpan(0, Math.Min(count, _deltas.Length)));
            return;
        }
        Take(count);
    }

    public override void Forget() => (_data, _delta) = (default, default);

    int Take(int count)
    {
        Require(count);
        var start = _position;
        _position += count;
        return start;
    }

    void Require(int count)
    {
        var left = (_encoding == Encoding.Plain ? _data.Length / Width : _streamLength) - _position;
        if (count > left) throw TooFew((long)count * Width, (long)left * Width);
    }

    void Decode(Span<TPhysical> target)
    {
        switch (_encoding)
        {
            case Encoding.Plain:
                var start = Take(target.Length);
                _data.Span.Slice(start * Width, target.Length * Width).CopyTo(MemoryMarshal.AsBytes(target));
                break;
            case Encoding.ByteStreamSplit:
                var first = Take(target.Length);
                var bytes = MemoryMarshal.AsBytes(target);
                for (var b = 0; b < Width; b++)
                {
                    var stream = _data.Span.Slice(b * _streamLength + first, target.Length);
                    for (var i = 0; i < stream.Length; i++) bytes[i * Width + b] = stream[i];
                }
                break;
            default:
                while (target.Length > 0)
                {
                    var part = _deltas.AsSpan(0, Math.Min(target.Length, _deltas.Length));
                    _delta.Decode(part);
                    for (var i = 0; i < part.Length; i++) target[i] = TPhysical.CreateTruncating(part[i]);
                    target = target[part.Length..];
                }
                break;
        }
    }
}
