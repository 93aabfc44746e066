namespace Fanfold.Engine.Columns;

/// <summary>Rows as codes into a dictionary without nulls. Codes of null rows are 0; codes of other rows are inside the dictionary.</summary>
public sealed class DictionaryColumn : Column
{
    readonly Column _none;
    int[] _codes = [];

    public DictionaryColumn(DataType type, MemoryAccount? account = null) : base(type, account) => Dictionary = _none = Create(type, account);

    /// <summary>The distinct values of the column chunk, as its dictionary page has them (duplicates are possible). Clearing the column lets go of it.</summary>
    public Column Dictionary { get; set; }

    public ReadOnlySpan<int> Codes => _codes.AsSpan(0, Length);

    /// <summary>The codes for writing in place.</summary>
    public Span<int> MutableCodes => _codes.AsSpan(0, Length);

    public override void Clear()
    {
        base.Clear();
        Dictionary = _none;
    }

    public Span<int> AppendSpan(int rows)
    {
        var start = Length;
        Lengthen(ref _codes, start + rows);
        Grow(rows);
        return _codes.AsSpan(start, rows);
    }

    protected override void ReserveValues(int rows, long bytes) => Lengthen(ref _codes, Length + rows);

    public override long BytesOf(int from, int rows)
    {
        if (Dictionary is not BytesColumn strings) return Dictionary.BytesOf(0, rows);
        long bytes = 0;
        for (var row = from; row < from + rows; row++) bytes += IsNull(row) ? 0 : strings.BytesOf(_codes[row], 1);
        return bytes;
    }

    public override void AppendNull()
    {
        Lengthen(ref _codes, Length + 1);
        _codes[Length] = 0;
        GrowNull();
    }

    protected override void ClearNulls()
    {
        for (var row = 0; row < Length; row++)
        {
            if (IsNull(row)) _codes[row] = 0;
        }
    }

    protected override void SpreadValues(int start, int values, ReadOnlySpan<ulong> validity)
    {
        Lengthen(ref _codes, Length);
        SpreadSlots(_codes.AsSpan(start, Length - start), values, validity);
    }

    protected override void FreeValues() => Free(ref _codes);

    public override void AppendFrom(Column source, int row)
    {
        var other = (DictionaryColumn)source;
        if (other.IsNull(row)) AppendNull();
        else AppendSpan(1)[0] = other._codes[row];
    }

    protected override void AppendValid(Column source, ReadOnlySpan<int> rows)
    {
        var codes = ((DictionaryColumn)source)._codes;
        var target = AppendSpan(rows.Length);
        for (var i = 0; i < rows.Length; i++) target[i] = codes[rows[i]];
    }

    protected override bool TryAppendValidRange(Column source, int from, int rows)
    {
        ((DictionaryColumn)source).Codes.Slice(from, rows).CopyTo(AppendSpan(rows));
        return true;
    }

    public override Scalar this[int row] => IsNull(row) ? Scalar.Null(Type) : Dictionary[_codes[row]];

    public override void Append(in Scalar value) => throw new InvalidOperationException("A dictionary column takes codes, not values.");
}
