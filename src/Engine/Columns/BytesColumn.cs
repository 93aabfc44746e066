using System.Diagnostics.CodeAnalysis;

namespace Fanfold.Engine.Columns;

/// <summary>A column of byte strings: row i is <c>Data[Offsets[i] .. Offsets[i + 1]]</c>; a null row is empty there.</summary>
public sealed class BytesColumn(DataType type, MemoryAccount? account = null) : Column(type, account)
{
    int[] _offsets = new int[1];
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

    public override long BytesOf(int from, int rows) => _offsets[from + rows] - _offsets[from];

    /// <summary>Appends rows that lie behind one another from <paramref name="offsets"/>[0] on, and returns their bytes, to be filled.</summary>
    public Span<byte> AppendSpans(ReadOnlySpan<int> offsets)
    {
        var rows = offsets.Length - 1;
        var bytes = offsets[rows] - offsets[0];
        Reserve(rows, bytes);
        var (first, start) = (Length, _offsets[Length]);
        Grow(rows);
        for (var i = 1; i <= rows; i++) _offsets[first + i] = start + offsets[i] - offsets[0];
        return _data.AsSpan(start, bytes);
    }

    protected override void ReserveValues(int rows, long bytes)
    {
        Lengthen(ref _offsets, Length + rows + 1);
        if (bytes > Array.MaxLength - _offsets[Length]) ThrowTooLarge();
        ReserveData(_offsets[Length] + (int)bytes);
    }

    protected override void ClearNulls()
    {
        int read = 0, written = 0;
        for (var row = 0; row < Length; row++)
        {
            var (from, length) = (read, _offsets[row + 1] - read);
            read += length;
            if (IsNull(row)) length = 0;
            else if (written < from) _data.AsSpan(from, length).CopyTo(_data.AsSpan(written));
            written += length;
            _offsets[row + 1] = written;
        }
    }

    protected override void SpreadValues(int start, int values, ReadOnlySpan<ulong> validity)
    {
        Lengthen(ref _offsets, Length + 1);
        // Offset i + 1 ends row i; a null row ends where the value before it does.
        for (var row = Length - start - 1; row >= 0; row--)
        {
            _offsets[start + row + 1] = _offsets[start + values];
            if (Bitmap.Get(validity, row)) values--;
        }
    }

    int ReserveRow(int length)
    {
        Lengthen(ref _offsets, Length + 2);
        var start = _offsets[Length];
        if ((uint)length > (uint)(Array.MaxLength - start)) ThrowTooLarge();
        ReserveData(start + length);
        return start;
    }

    // One long value after another must not ask for room for two.
    void ReserveData(int length)
    {
        if (_offsets[Length] == 0) Renew(ref _data, length);
        else Lengthen(ref _data, length);
    }

    [DoesNotReturn]
    static void ThrowTooLarge() => throw new MemoryExceededException("one batch of a column passes 2 GiB");

    public override void Clear()
    {
        base.Clear();
        _offsets[0] = 0;
    }

    protected override void FreeValues()
    {
        Free(ref _offsets);
        Free(ref _data);
        _offsets = new int[1];
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

    protected override void AppendValid(Column source, ReadOnlySpan<int> rows)
    {
        var coded = source as DictionaryColumn;
        var values = (BytesColumn)(coded?.Dictionary ?? source);
        foreach (var row in rows) Append(values.Bytes(coded is null ? row : coded.Codes[row]));
    }

    protected override bool TryAppendValidRange(Column source, int from, int rows)
    {
        if (source is not BytesColumn plain) return false;
        var bytes = plain._data.AsSpan(plain._offsets[from], plain._offsets[from + rows] - plain._offsets[from]);
        Reserve(rows, bytes.Length);
        var start = Length;
        bytes.CopyTo(_data.AsSpan(_offsets[start]));
        var shift = _offsets[start] - plain._offsets[from];
        Grow(rows);
        for (var i = 1; i <= rows; i++) _offsets[start + i] = plain._offsets[from + i] + shift;
        return true;
    }

    public override Scalar this[int row] => IsNull(row) ? Scalar.Null(Type) : Scalar.Bytes(Type, Bytes(row).ToArray());

    public override void Append(in Scalar value)
    {
        if (value.IsNull) AppendNull();
        else Append(value.BytesValue);
    }
}
