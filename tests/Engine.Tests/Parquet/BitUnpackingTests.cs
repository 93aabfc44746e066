using CsCheck;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Tests.Parquet;

public class BitUnpackingTests
{
    /// <summary>Each width at any start and length, against bits picked one by one; the last value ends with the data.</summary>
    [Fact]
    public void Unpack_AnyWidthStartAndLength_GivesTheBits() => Gen.Select(Gen.Int[0, 32], Gen.Int[0, 40], Gen.Int[0, 300], Gen.Byte.Array[1400]).Sample((width, first, count, bytes) =>
    {
        var data = bytes.AsSpan(0, (int)(((long)(first + count) * width + 7) / 8));
        var values = new int[count];
        BitUnpacking.Unpack(data, (long)first * width, width, values);
        for (var i = 0; i < count; i++)
        {
            long expected = 0;
            for (var bit = 0; bit < width; bit++)
            {
                var at = (long)(first + i) * width + bit;
                expected |= (long)(bytes[at >> 3] >> (int)(at & 7) & 1) << bit;
            }
            Assert.Equal((uint)expected, (uint)values[i]);
            if (width > 0) Assert.Equal(values[i], BitUnpacking.One(data, (long)(first + i) * width, width));
        }
    }, iter: Soak.Cases(3_000));
}
