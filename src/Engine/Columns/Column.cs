using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Fanfold.Engine.Columns;

/// <summary>
/// A growable run of values of one type. A column is a reusable buffer: whoever made it clears and refills it, and its
/// spans are valid only until then.
/// </summary>
public abstract class Column(DataType type)
{
    ulong[] _validity = [];
    int _length;

    public DataType Type { get; } = type;

    public int Length => _length;

    /// <summary>Whether any row is null. When false, <see cref="Validity"/> has no meaning and every row has a value.</summary>
    public bool HasNulls { get; private set; }

    /// <summary>One bit a row, set where the row has a value; only meaningful when <see cref="HasNulls"/>.</summary>
    public ReadOnlySpan<ulong> Validity => _validity.AsSpan(0, Bitmap.WordsFor(_length));

    public bool IsNull(int row) => HasNulls && !Bitmap.Get(_validity, row);

    /// <summary>The number of null rows.</summary>
    public int NullCount => HasNulls ? _length - Bitmap.CountSet(Validity) : 0;

    /// <summary>Empties the column and keeps its memory for the next fill.</summary>
    public virtual void Clear()
    {
        _length = 0;
        HasNulls = false;
    }

    /// <summary>Appends a null row; its slot in the values is the type's zero.</summary>
    public abstract void AppendNull();

    /// <summary>Appends row <paramref name="row"/> of <paramref name="source"/>, which has the same lane.</summary>
    public abstract void AppendFrom(Column source, int row);

    /// <summary>Appends the rows of <paramref name="source"/> at <paramref name="rows"/>, in that order.</summary>
    public virtual void AppendFrom(Column source, ReadOnlySpan<int> rows)
    {
        foreach (var row in rows) AppendFrom(source, row);
    }

    /// <summary>A single row as a value.</summary>
    public abstract Scalar this[int row] { get; }

    /// <summary>Appends a value of the column's type, or a null.</summary>
    public abstract void Append(in Scalar value);

    /// <summary>Lengthens the column by <paramref name="rows"/> valid rows, whose values the caller then writes.</summary>
    protected void Grow(int rows)
    {
        var start = _length;
        _length += rows;
        if (HasNulls)
        {
            GrowValidity(start);
            Bitmap.SetRange(_validity, start, rows);
        }
    }

    protected void GrowNull()
    {
        if (!HasNulls)
        {
            // The bitmap is only built when the first null comes; until then a column of all values costs nothing.
            HasNulls = true;
            GrowValidity(0);
            Bitmap.SetRange(_validity, 0, _length);
        }
        _length++;
        GrowValidity(_length - 1);
    }

    /// <summary>Marks an existing row as null.</summary>
    public void SetNull(int row)
    {
        if (!HasNulls)
        {
            HasNulls = true;
            GrowValidity(0);
            Bitmap.SetRange(_validity, 0, _length);
        }
        Bitmap.Clear(_validity, row);
    }

    void GrowValidity(int firstNewRow)
    {
        var words = Bitmap.WordsFor(_length + 1);
        if (_validity.Length < words) Array.Resize(ref _validity, Math.Max(words, _validity.Length * 2));
        var fullWords = Bitmap.WordsFor(firstNewRow);
        if (fullWords < words) _validity.AsSpan(fullWords, words - fullWords).Clear();
        if ((firstNewRow & 63) != 0) _validity[firstNewRow >> 6] &= (1UL << (firstNewRow & 63)) - 1;
    }

    /// <summary>An empty column fit for the lane of <paramref name="type"/>.</summary>
    public static Column Create(DataType type) => type.Lane switch
    {
        Lane.Bool => new Column<byte>(type),
        Lane.Int32 => new Column<int>(type),
        Lane.Int64 => new Column<long>(type),
        Lane.UInt64 => new Column<ulong>(type),
        Lane.Float => new Column<float>(type),
        Lane.Double => new Column<double>(type),
        Lane.Int128 => new Column<Int128>(type),
        _ => new BytesColumn(type),
    };
}

/// <summary>A column whose values have a fixed width. Slots of null rows hold an unspecified value.</summary>
public sealed class Column<T>(DataType type) : Column(type) where T : unmanaged
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
        if (_values.Length < start + rows) Array.Resize(ref _values, Math.Max(start + rows, Math.Max(16, _values.Length * 2)));
        Grow(rows);
        return _values.AsSpan(start, rows);
    }

    public override void AppendNull()
    {
        if (_values.Length == Length) Array.Resize(ref _values, Math.Max(16, _values.Length * 2));
        _values[Length] = default;
        GrowNull();
    }

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

    public override void AppendFrom(Column source, ReadOnlySpan<int> rows)
    {
        if (source is Column<T> { HasNulls: false } plain)
        {
            var values = plain.Values;
            var target = AppendSpan(rows.Length);
            for (var i = 0; i < rows.Length; i++) target[i] = values[rows[i]];
        }
        else base.AppendFrom(source, rows);
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
}

/// <summary>A column of byte strings: row i is <c>Data[Offsets[i] .. Offsets[i + 1]]</c>; a null row is empty there.</summary>
public sealed class BytesColumn(DataType type) : Column(type)
{
    int[] _offsets = new int[17];
    byte[] _data = [];

    public ReadOnlySpan<int> Offsets => _offsets.AsSpan(0, Length + 1);

    public ReadOnlySpan<byte> Data => _data.AsSpan(0, _offsets[Length]);

    public ReadOnlySpan<byte> Bytes(int row) => _data.AsSpan(_offsets[row], _offsets[row + 1] - _offsets[row]);

    /// <summary>Appends a row with a copy of <paramref name="value"/>.</summary>
    public void Append(ReadOnlySpan<byte> value) => value.CopyTo(AppendSpan(value.Length));

    /// <summary>Appends a row of <paramref name="length"/> bytes and returns its bytes, to be filled.</summary>
    public Span<byte> AppendSpan(int length)
    {
        var start = ReserveRow(length);
        Grow(1);
        _offsets[Length] = start + length;
        return _data.AsSpan(start, length);
    }

    public override void AppendNull()
    {
        var start = ReserveRow(0);
        GrowNull();
        _offsets[Length] = start;
    }

    int ReserveRow(int length)
    {
        if (Length + 2 > _offsets.Length) Array.Resize(ref _offsets, _offsets.Length * 2);
        var start = _offsets[Length];
        if ((uint)length > (uint)(Array.MaxLength - start)) ThrowTooLarge();
        if (_data.Length < start + length)
            Array.Resize(ref _data, (int)Math.Min(Array.MaxLength, Math.Max(start + (long)length, Math.Max(64L, _data.Length * 2L))));
        return start;
    }

    [DoesNotReturn]
    static void ThrowTooLarge() => throw new MemoryExceededException("one batch of a column passes 2 GiB");

    public override void Clear()
    {
        base.Clear();
        _offsets[0] = 0;
    }

    public override void AppendFrom(Column source, int row)
    {
        if (source is DictionaryColumn coded)
        {
            if (coded.IsNull(row)) AppendNull();
            else Append(((BytesColumn)coded.Dictionary).Bytes(coded.Codes[row]));
        }
        else if (source.IsNull(row)) AppendNull();
        else Append(((BytesColumn)source).Bytes(row));
    }

    public override Scalar this[int row] => IsNull(row) ? Scalar.Null(Type) : Scalar.Bytes(Type, Bytes(row).ToArray());

    public override void Append(in Scalar value)
    {
        if (value.IsNull) AppendNull();
        else Append(value.BytesValue);
    }
}

/// <summary>Rows as codes into a dictionary without nulls. Codes of null rows are 0; codes of other rows are inside the dictionary.</summary>
public sealed class DictionaryColumn(DataType type) : Column(type)
{
    int[] _codes = [];

    /// <summary>The distinct values of the column chunk, as its dictionary page has them (duplicates are possible).</summary>
    public Column Dictionary { get; set; } = Create(type);

    public ReadOnlySpan<int> Codes => _codes.AsSpan(0, Length);

    public Span<int> AppendSpan(int rows)
    {
        var start = Length;
        if (_codes.Length < start + rows) Array.Resize(ref _codes, Math.Max(start + rows, Math.Max(16, _codes.Length * 2)));
        Grow(rows);
        return _codes.AsSpan(start, rows);
    }

    public override void AppendNull()
    {
        if (_codes.Length == Length) Array.Resize(ref _codes, Math.Max(16, _codes.Length * 2));
        _codes[Length] = 0;
        GrowNull();
    }

    public override void AppendFrom(Column source, int row)
    {
        var other = (DictionaryColumn)source;
        if (other.IsNull(row)) AppendNull();
        else AppendSpan(1)[0] = other._codes[row];
    }

    public override Scalar this[int row] => IsNull(row) ? Scalar.Null(Type) : Dictionary[_codes[row]];

    public override void Append(in Scalar value) => throw new InvalidOperationException("A dictionary column takes codes, not values.");

    /// <summary>The same rows with their values written out.</summary>
    public Column Decode()
    {
        var column = Create(Type);
        for (var row = 0; row < Length; row++) column.AppendFrom(this, row);
        return column;
    }
}
