using System.Runtime.InteropServices;

namespace Fanfold.Engine.Columns;

/// <summary>The values of columns of a fixed width as the bytes that they are in memory.</summary>
static class FixedBytes
{
    public static ReadOnlySpan<byte> Of(Column column) => column switch
    {
        Column<byte> values => values.Values,
        Column<int> values => MemoryMarshal.AsBytes(values.Values),
        Column<long> values => MemoryMarshal.AsBytes(values.Values),
        Column<ulong> values => MemoryMarshal.AsBytes(values.Values),
        Column<float> values => MemoryMarshal.AsBytes(values.Values),
        Column<double> values => MemoryMarshal.AsBytes(values.Values),
        _ => MemoryMarshal.AsBytes(((Column<Int128>)column).Values),
    };

    /// <summary>Appends valid rows and returns their bytes, to be filled.</summary>
    public static Span<byte> Append(Column column, int rows) => column switch
    {
        Column<byte> values => values.AppendSpan(rows),
        Column<int> values => MemoryMarshal.AsBytes(values.AppendSpan(rows)),
        Column<long> values => MemoryMarshal.AsBytes(values.AppendSpan(rows)),
        Column<ulong> values => MemoryMarshal.AsBytes(values.AppendSpan(rows)),
        Column<float> values => MemoryMarshal.AsBytes(values.AppendSpan(rows)),
        Column<double> values => MemoryMarshal.AsBytes(values.AppendSpan(rows)),
        _ => MemoryMarshal.AsBytes(((Column<Int128>)column).AppendSpan(rows)),
    };
}
