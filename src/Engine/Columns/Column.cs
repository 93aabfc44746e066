namespace Fanfold.Engine.Columns;

/// <summary>
/// A growable run of values of one type. A column is a reusable buffer: whoever made it clears and refills it, and its
/// spans are valid only until then.
/// </summary>
public abstract class Column(DataType type, MemoryAccount? account = null)
{
    readonly ChargedArrays _arrays = new(account);
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
    public void AppendFrom(Column source, ReadOnlySpan<int> rows)
    {
        if (!source.HasNulls)
        {
            AppendValid(source, rows);
            return;
        }
        const int Stretch = 512;
        Span<int> valid = stackalloc int[Stretch];
        Span<ulong> bits = stackalloc ulong[Stretch / 64];
        for (; rows.Length > 0; rows = rows[Math.Min(rows.Length, Stretch)..])
        {
            var stretch = rows[..Math.Min(rows.Length, Stretch)];
            var values = 0;
            bits.Clear();
            for (var i = 0; i < stretch.Length; i++)
            {
                if (!Bitmap.Get(source._validity, stretch[i])) continue;
                Bitmap.Set(bits, i);
                valid[values++] = stretch[i];
            }
            AppendValid(source, valid[..values]);
            Spread(stretch.Length, bits[..Bitmap.WordsFor(stretch.Length)]);
        }
    }

    /// <summary>Appends <paramref name="rows"/> rows of <paramref name="source"/> from <paramref name="from"/> on.</summary>
    public void AppendRange(Column source, int from, int rows)
    {
        if (!source.HasNulls && TryAppendValidRange(source, from, rows)) return;
        Span<int> positions = stackalloc int[Math.Min(rows, 512)];
        for (; rows > 0; rows -= positions.Length)
        {
            positions = positions[..Math.Min(rows, positions.Length)];
            for (var i = 0; i < positions.Length; i++) positions[i] = from++;
            AppendFrom(source, positions);
        }
    }

    /// <summary>Appends rows of which none is null.</summary>
    protected abstract void AppendValid(Column source, ReadOnlySpan<int> rows);

    /// <summary>Appends rows of which none is null in one piece, when both columns hold them in one form.</summary>
    protected abstract bool TryAppendValidRange(Column source, int from, int rows);

    /// <summary>Room for <paramref name="rows"/> more rows, byte strings of <paramref name="bytes"/> bytes together, so that appending them does not grow again.</summary>
    public void Reserve(int rows, long bytes)
    {
        Lengthen(ref _validity, Bitmap.WordsFor(_length + rows + 1));
        ReserveValues(rows, bytes);
    }

    protected abstract void ReserveValues(int rows, long bytes);

    /// <summary>The bytes of the values of these rows, written out.</summary>
    public abstract long BytesOf(int from, int rows);

    /// <summary>A single row as a value.</summary>
    public abstract Scalar this[int row] { get; }

    /// <summary>Appends a value of the column's type, or a null.</summary>
    public abstract void Append(in Scalar value);

    /// <summary>Appends the value, or a null, <paramref name="rows"/> times.</summary>
    public virtual void AppendRepeated(in Scalar value, int rows)
    {
        for (var i = 0; i < rows; i++) Append(value);
    }

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

    /// <summary>
    /// Turns the last rows, all valid, one for each set bit of <paramref name="validity"/>, into <paramref name="rows"/> rows: they move to
    /// the set bits, and the others become null.
    /// </summary>
    public void Spread(int rows, ReadOnlySpan<ulong> validity)
    {
        var values = Bitmap.CountSet(validity);
        if (values == rows) return;
        var start = _length - values;
        if (!HasNulls)
        {
            HasNulls = true;
            GrowValidity(0);
            Bitmap.SetRange(_validity, 0, start);
        }
        _length = start + rows;
        GrowValidity(start);
        Bitmap.Or(_validity, start, validity, rows);
        SpreadValues(start, values, validity);
    }

    /// <summary>Makes null every row whose bit isn't set in <paramref name="validity"/>.</summary>
    public void Mask(ReadOnlySpan<ulong> validity)
    {
        if (Bitmap.CountSet(validity) == _length) return;
        if (!HasNulls)
        {
            HasNulls = true;
            GrowValidity(0);
            validity.CopyTo(_validity);
        }
        else
        {
            for (var i = 0; i < validity.Length; i++) _validity[i] &= validity[i];
        }
        ClearNulls();
    }

    /// <summary>Zeroes the slots of null rows.</summary>
    protected abstract void ClearNulls();

    /// <summary>Moves the <paramref name="values"/> slots from <paramref name="start"/> on to the set bits, within the length, which has grown.</summary>
    protected abstract void SpreadValues(int start, int values, ReadOnlySpan<ulong> validity);

    /// <summary>Moves <paramref name="values"/> slots at the start of <paramref name="slots"/> to the set bits; zero between them.</summary>
    private protected static void SpreadSlots<T>(Span<T> slots, int values, ReadOnlySpan<ulong> validity)
    {
        // From the end, so that no slot is overwritten before it has moved.
        for (var row = slots.Length - 1; row >= 0; row--) slots[row] = Bitmap.Get(validity, row) ? slots[--values] : default!;
    }

    void GrowValidity(int firstNewRow)
    {
        var words = Bitmap.WordsFor(_length + 1);
        Lengthen(ref _validity, words);
        var fullWords = Bitmap.WordsFor(firstNewRow);
        if (fullWords < words) _validity.AsSpan(fullWords, words - fullWords).Clear();
        if ((firstNewRow & 63) != 0) _validity[firstNewRow >> 6] &= (1UL << (firstNewRow & 63)) - 1;
    }

    /// <summary>Lengthens a buffer to at least <paramref name="length"/> items; their memory is charged first.</summary>
    private protected void Lengthen<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length) _arrays.Lengthen(ref buffer, length);
    }

    /// <summary>The same for a buffer whose items are not needed.</summary>
    private protected void Renew<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length) _arrays.Renew(ref buffer, length);
    }

    private protected void Free<T>(ref T[] buffer) => _arrays.Free(ref buffer);

    /// <summary>Bytes that the column charged.</summary>
    internal long Held => _arrays.Held;

    /// <summary>Gives what the column charged back to its account. The column must not be used after it.</summary>
    public void Release() => _arrays.Release();

    /// <summary>Empties the column and gives its memory back to the account; it may be filled again.</summary>
    public void Trim()
    {
        Clear();
        FreeValues();
        Free(ref _validity);
    }

    protected abstract void FreeValues();

    /// <summary>An empty column fit for the lane of <paramref name="type"/>.</summary>
    /// <param name="account">Charged for the column's values, when there is one.</param>
    public static Column Create(DataType type, MemoryAccount? account = null) => type.Lane switch
    {
        Lane.Bool => new Column<byte>(type, account),
        Lane.Int32 => new Column<int>(type, account),
        Lane.Int64 => new Column<long>(type, account),
        Lane.UInt64 => new Column<ulong>(type, account),
        Lane.Float => new Column<float>(type, account),
        Lane.Double => new Column<double>(type, account),
        Lane.Int128 => new Column<Int128>(type, account),
        _ => new BytesColumn(type, account),
    };
}
