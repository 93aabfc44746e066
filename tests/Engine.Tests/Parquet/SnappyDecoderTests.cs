using CsCheck;
using Fanfold.Engine.Parquet;
using Snappier;

namespace Fanfold.Engine.Tests.Parquet;

public class SnappyDecoderTests
{
    /// <summary>Bytes with runs, repetitions near and far, and noise between them.</summary>
    static readonly Gen<byte[]> Content = Gen.Select(Gen.Int[0, 3], Gen.Int[1, 200], Gen.Byte.Array[1, 90], Gen.Int[1, 300]).Array[0, 60].Select(pieces =>
    {
        var bytes = new List<byte>();
        foreach (var (kind, times, noise, back) in pieces)
        {
            if (kind == 0) bytes.AddRange(noise);
            else if (kind == 1) bytes.AddRange(Enumerable.Repeat(noise[0], times));
            else for (var i = 0; i < times && bytes.Count > 0; i++) bytes.Add(bytes[Math.Max(0, bytes.Count - (kind == 2 ? back : back * 60))]);
        }
        return bytes.ToArray();
    });

    [Fact]
    public void Decode_WhatSnappierMade_GivesItBack() => Content.Sample(content =>
    {
        var decoded = new byte[content.Length];
        SnappyDecoder.Decode(Snappy.CompressToArray(content), decoded);
        return decoded.AsSpan().SequenceEqual(content);
    }, iter: Soak.Cases(3_000));

    [Fact]
    public void Decode_AnyMutation_StaysInsideItsBounds() => Gen.Select(Content, Gen.Int[0, 1 << 20], Gen.Byte, Gen.Bool).Sample((content, at, value, cut) =>
    {
        var block = Snappy.CompressToArray(content);
        if (block.Length == 0) return;
        if (cut) block = block[..(at % block.Length)];
        else block[at % block.Length] = value;
        // Guards around the target show a byte written outside.
        var guarded = new byte[content.Length + 128];
        try
        {
            SnappyDecoder.Decode(block, guarded.AsSpan(64, content.Length));
        }
        catch (ParquetDataException defect)
        {
            Assert.Equal(ParquetDefect.Corrupt, defect.Defect);
        }
        Assert.False(guarded.AsSpan(0, 64).ContainsAnyExcept((byte)0) || guarded.AsSpan(64 + content.Length).ContainsAnyExcept((byte)0));
    }, iter: Soak.Cases(5_000));
}
