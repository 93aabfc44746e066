using System.Numerics;
using System.Runtime.Intrinsics;
using Fanfold.Engine.Expressions;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine;

/// <summary>Which vector kernels this build chose on this processor, and whether each gives what plain code gives.</summary>
/// <param name="BitUnpacking">The kernel that unpacks dictionary codes.</param>
/// <param name="ComparisonBits">The width of the vectors that compare.</param>
/// <param name="SumBits">The width of the vectors that add.</param>
/// <param name="Failed">The kernels that differ from plain code: a fault of the build or the processor.</param>
public sealed record KernelCheck(string BitUnpacking, int ComparisonBits, int SumBits, IReadOnlyList<string> Failed)
{
    const int Values = 1000;

    public static KernelCheck Run()
    {
        // The same numbers each time: this checks the machine, not the data.
        var random = new Random(1);
        var failed = new List<string>();
        if (!UnpacksRight(random)) failed.Add("bit unpacking");
        if (!ComparesRight(random)) failed.Add("comparison");
        if (!AddsRight(random)) failed.Add("sum");
        return new KernelCheck(Parquet.BitUnpacking.Kernel, Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0, Vector.IsHardwareAccelerated ? Vector<byte>.Count * 8 : 0, failed);
    }

    static bool UnpacksRight(Random random)
    {
        var data = new byte[Values * 4];
        random.NextBytes(data);
        var (fast, plain) = (new int[Values], new int[Values]);
        for (var width = 1; width <= 32; width++)
        {
            Parquet.BitUnpacking.Unpack(data, 0, width, fast);
            Parquet.BitUnpacking.UnpackEach(data, 0, width, plain);
            if (!fast.AsSpan().SequenceEqual(plain)) return false;
        }
        return true;
    }

    static bool ComparesRight(Random random)
    {
        Span<double> values = stackalloc double[64];
        foreach (ref var value in values) value = random.Next(8) switch { 0 => double.NaN, 1 => -0.0, var other => other };
        foreach (var constant in values)
        {
            var (equal, less) = (OrderTest.Word<double, EqualTest>(values, constant), OrderTest.Word<double, LessTest>(values, constant));
            for (var i = 0; i < values.Length; i++)
            {
                if ((equal >> i & 1) != 0 != EqualTest.Holds(values[i], constant) || (less >> i & 1) != 0 != LessTest.Holds(values[i], constant)) return false;
            }
        }
        return true;
    }

    static bool AddsRight(Random random)
    {
        var (together, each) = (new ExactSums(new StateMemory()), new ExactSums(new StateMemory()));
        together.Resize(1);
        each.Resize(1);
        var values = new double[Values];
        foreach (ref var value in values.AsSpan()) value = (random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-40, 40));
        together.AddAll(0, values);
        foreach (var value in values) each.Add(0, value);
        return together.Round(0).Equals(each.Round(0));
    }
}
