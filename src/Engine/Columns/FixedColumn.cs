using System.Runtime.CompilerServices;

namespace Fanfold.Engine.Columns;

/// <summary>A column whose values have a fixed width. Slots of null rows hold zero.</summary>
public sealed class Column<T>(DataType type, MemoryAccount? account = null) : Column(type, account) where T : unmanaged
{
    T[] _values = [];

    public ReadOnlySpan<T> Values => _values.AsSpan(0, Length);

    /// <summary>The values for writing in place.</summary>
    public Span<T> MutableValues => _values.AsSpan(0, Length);

    public void Append(T value) => AppendSpan(1)[0] = value;

    /// <summary>Appends <paramref name="rows"/> rows with values and returns their slots, uninitialised, to be filled.</summary>
    public Span<T> AppendSpan(int rows)
    {
        var start = Length;
        Lengthen(ref _values, start + rows);
        Grow(rows);
        return _values.AsSpan(start, rows);
    }

    protected override void ReserveValues(int rows, long bytes) => Lengthen(ref _values, Length + rows);

    public override long BytesOf(int from, int rows) => (long)rows * Unsafe.SizeOf<T>();

    public override void AppendNull()
    {
        Lengthen(ref _values, Length + 1);
        _values[Length] = default;
        GrowNull();
    }

    protected override void ClearNulls()
    {
        for (var row = 0; row < Length; row++)
        {
            if (IsNull(row)) _values[row] = default;
        }
    }

    protected override void SpreadValues(int start, int values, ReadOnlySpan<ulong> validity)
    {
        Lengthen(ref _values, Length);
        SpreadSlots(_values.AsSpan(start, Length - start), values, validity);
    }

    protected override void FreeValues() => Free(ref _values);

    public override void AppendFrom(Column source, int row)
    {
        if (source is DictionaryColumn coded)
        {
            if (coded.IsNull(row)) AppendNull();
            else AppendFrom(coded.Dictionary, coded.Codes[row]);
        }
        else if (source.IsNull(row)) AppendNull();
        else Append(((Column<T>)source)._values[row]);
    }

    protected override void AppendValid(Column source, ReadOnlySpan<int> rows)
    {
        var coded = source as DictionaryColumn;
        var values = ((Column<T>)(coded?.Dictionary ?? source)).Values;
        var target = AppendSpan(rows.Length);
        if (coded is null)
        {
            for (var i = 0; i < rows.Length; i++) target[i] = values[rows[i]];
            return;
        }
        var codes = coded.Codes;
        for (var i = 0; i < rows.Length; i++) target[i] = values[codes[rows[i]]];
    }

    protected override bool TryAppendValidRange(Column source, int from, int rows)
    {
        if (source is DictionaryColumn { Dictionary: Column<T> dictionary } coded)
        {
            var values = dictionary.Values;
            var codes = coded.Codes.Slice(from, rows);
            var target = AppendSpan(rows);
            for (var i = 0; i < codes.Length; i++) target[i] = values[codes[i]];
            return true;
        }
        if (source is not Column<T> plain) return false;
        plain.Values.Slice(from, rows).CopyTo(AppendSpan(rows));
        return true;
    }

    public override Scalar this[int row] => IsNull(row) ? Scalar.Null(Type) : Type.Lane switch
    {
        Lane.Bool => Scalar.Integer(Type, Unsafe.As<T, byte>(ref _values[row])),
        Lane.Int32 => Scalar.Integer(Type, Unsafe.As<T, int>(ref _values[row])),
        Lane.Int64 => Scalar.Integer(Type, Unsafe.As<T, long>(ref _values[row])),
        Lane.UInt64 => Scalar.Integer(Type, Unsafe.As<T, ulong>(ref _values[row])),
        Lane.Float => Scalar.Floating(Type, Unsafe.As<T, float>(ref _values[row])),
        Lane.Double => Scalar.Floating(Type, Unsafe.As<T, double>(ref _values[row])),
        _ => Scalar.Integer(Type, Unsafe.As<T, Int128>(ref _values[row])),
    };

    public override void Append(in Scalar value)
    {
        if (value.IsNull)
        {
            AppendNull();
            return;
        }
        ref var slot = ref AppendSpan(1)[0];
        switch (Type.Lane)
        {
            case Lane.Bool: Unsafe.As<T, byte>(ref slot) = (byte)value.IntegerValue; break;
            case Lane.Int32: Unsafe.As<T, int>(ref slot) = (int)value.IntegerValue; break;
            case Lane.Int64: Unsafe.As<T, long>(ref slot) = (long)value.IntegerValue; break;
            case Lane.UInt64: Unsafe.As<T, ulong>(ref slot) = (ulong)value.IntegerValue; break;
            case Lane.Float: Unsafe.As<T, float>(ref slot) = (float)value.FloatingValue; break;
            case Lane.Double: Unsafe.As<T, double>(ref slot) = value.FloatingValue; break;
            default: Unsafe.As<T, Int128>(ref slot) = value.IntegerValue; break;
        }
    }

    public override void AppendRepeated(in Scalar value, int rows)
    {
        if (rows == 0) return;
        Append(value);
        if (value.IsNull) base.AppendRepeated(value, rows - 1);
        else AppendSpan(rows - 1).Fill(_values[Length - rows]);
    }
}
