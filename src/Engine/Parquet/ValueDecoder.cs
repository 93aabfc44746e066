using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>
/// Decodes the non-null values of one page after another, in order, into columns of the lane of its type. Everything but
/// dictionary codes, which <see cref="ColumnChunkReader"/> keeps as codes.
/// </summary>
abstract class ValueDecoder
{
    /// <summary>Starts a page (or a PLAIN dictionary page) whose values are <paramref name="data"/>, valid until the next start.</summary>
    public abstract void Start(Encoding encoding, ReadOnlyMemory<byte> data, int maxValues);

    /// <summary>Appends the next <paramref name="count"/> values to <paramref name="target"/>.</summary>
    public abstract void Append(int count, Column target);

    /// <summary>
    /// Appends those of the next <paramref name="count"/> values that are at <paramref name="positions"/>, ascending and counted from
    /// <paramref name="start"/>, and passes the rest.
    /// </summary>
    public virtual void Gather(ReadOnlySpan<int> positions, int start, int count, Column target)
    {
        var end = start + count;
        for (var i = 0; i < positions.Length;)
        {
            var run = 1;
            while (i + run < positions.Length && positions[i + run] == positions[i] + run) run++;
            if (positions[i] > start) Skip(positions[i] - start);
            Append(run, target);
            start = positions[i] + run;
            i += run;
        }
        if (end > start) Skip(end - start);
    }

    public abstract void Skip(int count);

    /// <summary>Lets go of the page's bytes; a start must follow.</summary>
    public abstract void Forget();

    /// <summary>Gives what the decoder charged back.</summary>
    public virtual void Release()
    {
    }

    /// <param name="account">Charged for values that are converted or put together on their way.</param>
    public static ValueDecoder Create(ParquetColumn column, MemoryAccount account)
    {
        var type = column.Type!.Value;
        if (column.IsFloat16) return new BytesConvertingDecoder<float, Float16Bytes>(new FixedBytesDecoder(2, account), account);
        switch (column.PhysicalType)
        {
            case PhysicalType.Boolean: return new BooleanDecoder();
            case PhysicalType.Int32:
                return type.Kind == TypeKind.UInt32 ? new FixedDecoder<int, long, WidenUnsigned>()
                    : type.Lane == Lane.Int32 ? new FixedDecoder<int, int, Same<int>>()
                    : type.Lane == Lane.Int64 ? new FixedDecoder<int, long, Widen>()
                    : new FixedDecoder<int, Int128, WidenTo128>();
            case PhysicalType.Int64:
                return type.Lane == Lane.UInt64 ? new FixedDecoder<ulong, ulong, Same<ulong>>()
                    : type.Lane == Lane.Int64 ? new FixedDecoder<long, long, Same<long>>()
                    : new FixedDecoder<long, Int128, WidenLongTo128>();
            case PhysicalType.Float: return new FixedDecoder<float, float, Same<float>>();
            case PhysicalType.Double: return new FixedDecoder<double, double, Same<double>>();
            case PhysicalType.Int96: return new BytesConvertingDecoder<long, Int96Bytes>(new FixedBytesDecoder(12, account), account);
        }
        BytesDecoder bytes = column.PhysicalType == PhysicalType.ByteArray ? new ByteArrayDecoder(account) : new FixedBytesDecoder(column.TypeLength, account);
        return type.Kind != TypeKind.Decimal ? bytes
            : type.Lane == Lane.Int64 ? new BytesConvertingDecoder<long, DecimalBytes64>(bytes, account)
            : new BytesConvertingDecoder<Int128, DecimalBytes128>(bytes, account);
    }

    protected static ParquetDataException Unsupported(Encoding encoding, string type) =>
        Enum.IsDefined(encoding)
            ? new(ParquetDefect.Corrupt, $"the encoding {encoding} is not defined for {type}")
            : new(ParquetDefect.Unsupported, $"unknown encoding {(int)encoding}");

    protected static ParquetDataException TooFew(long needed, long present) =>
        new(ParquetDefect.Truncated, $"the page needs {needed} bytes of values, {present} remain");
}
