using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce.Plugins;

/// <summary>
/// Rows of a reducer's columns, which are numbered as <see cref="IReducer{TState}.Inputs"/> lists them. All spans have <see cref="Rows"/> values; that of
/// a null row is zero or empty. They lie in buffers that the next batch overwrites.
/// </summary>
public readonly ref struct InputBatch
{
    readonly InputColumn[] _columns;

    internal InputBatch(int rows, InputColumn[] columns) => (Rows, _columns) = (rows, columns);

    public int Rows { get; }

    public ReadOnlySpan<bool> Bools(int column) => MemoryMarshal.Cast<byte, bool>(Values<byte>(column, InputForm.Bool));

    public ReadOnlySpan<long> Int64s(int column) => Values<long>(column, InputForm.Int64);

    public ReadOnlySpan<ulong> UInt64s(int column) => Values<ulong>(column, InputForm.UInt64);

    public ReadOnlySpan<double> Doubles(int column) => Values<double>(column, InputForm.Double);

    /// <summary>Unscaled.</summary>
    public ReadOnlySpan<Int128> Decimals(int column) => Values<Int128>(column, InputForm.Decimal);

    /// <summary>Days since 1970-01-01.</summary>
    public ReadOnlySpan<int> Dates(int column) => Values<int>(column, InputForm.Date);

    /// <summary>Times and timestamps in the unit of the column's type.</summary>
    public ReadOnlySpan<long> Ticks(int column) => Values<long>(column, InputForm.Timestamp, InputForm.Time);

    /// <summary>Strings, binaries, uuids.</summary>
    public BytesValues Bytes(int column) => new(Column(column, InputForm.Text, InputForm.Binary).Source);

    /// <summary>
    /// The codes of a column of bytes that is dictionary-coded in this batch, so that each distinct value needs to be looked at once. False where it is not:
    /// whether a column is coded changes within a file.
    /// </summary>
    /// <param name="codes">Positions in <paramref name="dictionary"/>; those of null rows mean nothing.</param>
    /// <param name="dictionary">That of the whole column chunk; values may stand in it twice.</param>
    public bool TryGetCodes(int column, out ReadOnlySpan<int> codes, out BytesValues dictionary)
    {
        var coded = Column(column, InputForm.Text, InputForm.Binary).Source as DictionaryColumn;
        codes = coded is null ? default : coded.Codes;
        dictionary = coded is null ? default : new BytesValues(coded.Dictionary);
        return coded is not null;
    }

    public bool HasNulls(int column) => _columns[column].Source.HasNulls;

    public bool IsNull(int column, int row) => _columns[column].Source.IsNull(row);

    /// <summary>A bit a row, the first row's the lowest of the first word, set where the row has a value. Empty when no row is null.</summary>
    public ReadOnlySpan<ulong> Validity(int column) => _columns[column].Source is { HasNulls: true } source ? source.Validity : default;

    ReadOnlySpan<T> Values<T>(int column, InputForm form, InputForm? other = null) where T : unmanaged, System.Numerics.INumberBase<T> =>
        ((FixedInput<T>)Column(column, form, other)).Values;

    InputColumn Column(int column, InputForm form, InputForm? other = null)
    {
        var found = _columns[column];
        if (found.Declared.Form != form && found.Declared.Form != other)
            throw new InvalidOperationException($"the column '{found.Declared.Name}' is declared as {found.Declared.Form} and read as {form}");
        return found;
    }
}

/// <summary>Byte strings by row.</summary>
public readonly ref struct BytesValues
{
    readonly Column _source;
    readonly BytesColumn _values;
    readonly DictionaryColumn? _coded;

    internal BytesValues(Column source)
    {
        _source = source;
        _coded = source as DictionaryColumn;
        _values = (BytesColumn)(_coded?.Dictionary ?? source);
    }

    public int Length => _source?.Length ?? 0;

    /// <summary>Empty for a null.</summary>
    public ReadOnlySpan<byte> this[int row] => _source.IsNull(row) ? default : _values.Bytes(_coded is null ? row : _coded.Codes[row]);
}
