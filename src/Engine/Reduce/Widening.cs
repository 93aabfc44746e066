using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>The values of plain columns of numbers as doubles.</summary>
struct Widening
{
    double[]? _widened;

    /// <summary>The nearest doubles, decimals with their scale; zero where rows are null. Valid until the next call.</summary>
    public ReadOnlySpan<double> Doubles(Column column)
    {
        if (column is Column<double> plain) return plain.Values;
        if (_widened is null || _widened.Length < column.Length) _widened = new double[column.Length];
        var target = _widened.AsSpan(0, column.Length);
        switch (column)
        {
            case Column<float> values: for (var i = 0; i < target.Length; i++) target[i] = values.Values[i]; break;
            case Column<int> values: for (var i = 0; i < target.Length; i++) target[i] = values.Values[i]; break;
            case Column<long> values: for (var i = 0; i < target.Length; i++) target[i] = values.Values[i]; break;
            case Column<ulong> values: for (var i = 0; i < target.Length; i++) target[i] = values.Values[i]; break;
            case Column<Int128> values: for (var i = 0; i < target.Length; i++) target[i] = (double)values.Values[i]; break;
        }
        if (column.Type.Scale > 0)
        {
            var unit = Math.Pow(10, column.Type.Scale);
            foreach (ref var value in target) value /= unit;
        }
        return target;
    }
}
