using System.Text;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce.Plugins;

/// <summary>
/// Where a reducer writes its result: values are appended to columns, which are numbered as <see cref="IReducer{TState}.Outputs"/> lists them, row by row or
/// column by column. In the end all columns have equally many values.
/// </summary>
public sealed class ReducerOutput
{
    readonly IReadOnlyList<Field> _fields;
    readonly Column[] _columns;

    internal ReducerOutput(IReadOnlyList<Field> fields, MemoryAccount memory) =>
        (_fields, _columns) = (fields, [.. fields.Select(field => Column.Create(field.Type, memory))]);

    internal IReadOnlyList<Column> Columns => _columns;

    public void AppendNull(int column) => _columns[column].AppendNull();

    public void Append(int column, bool value) => Append<byte>(column, value ? (byte)1 : (byte)0, "bool", _fields[column].Type.Kind == TypeKind.Bool);

    /// <summary>To a column of integers, dates (days), times, timestamps (the type's unit) or decimals (unscaled).</summary>
    public void Append(int column, long value)
    {
        if (_columns[column] is Column<long> plain && _fields[column].Type.Kind is TypeKind.Int64 or TypeKind.Timestamp) plain.Append(value);
        else Append(column, (Int128)value);
    }

    /// <summary>The same for values that a <c>long</c> can't hold.</summary>
    public void Append(int column, Int128 value)
    {
        var type = _fields[column].Type;
        if (type.Kind == TypeKind.Bool || type.IsFloating || type.Lane == Lane.Bytes) throw Mismatch(column, "an integer");
        var (least, most) = Range(type);
        if (value < least || value > most) throw new PluginException("plugin-output", $"wrote {value} to the column '{_fields[column].Name}', which passes the range of {type}");
        _columns[column].Append(Scalar.Integer(type, value));
    }

    public void Append(int column, double value)
    {
        if (_columns[column] is Column<float> narrow) narrow.Append((float)value);
        else Append(column, value, "a double", _fields[column].Type.Kind == TypeKind.Double);
    }

    /// <summary>To a column of strings (UTF-8), binaries, or uuids (16 bytes, big-endian).</summary>
    public void Append(int column, ReadOnlySpan<byte> value)
    {
        if (_columns[column] is not BytesColumn bytes) throw Mismatch(column, "bytes");
        if (_fields[column].Type.Kind == TypeKind.Uuid && value.Length != 16) throw new PluginException("plugin-output", $"wrote {value.Length} bytes to the column '{_fields[column].Name}', and a uuid has 16");
        if (_fields[column].Type.Kind == TypeKind.String && !System.Text.Unicode.Utf8.IsValid(value)) throw new PluginException("plugin-output", $"wrote bytes that are no UTF-8 to the column '{_fields[column].Name}', which is string");
        bytes.Append(value);
    }

    public void Append(int column, string value)
    {
        if (_fields[column].Type.Kind != TypeKind.String) throw Mismatch(column, "a string");
        Append(column, Encoding.UTF8.GetBytes(value));
    }

    void Append<T>(int column, T value, string what, bool fits) where T : unmanaged
    {
        if (!fits) throw Mismatch(column, what);
        ((Column<T>)_columns[column]).Append(value);
    }

    PluginException Mismatch(int column, string what) => new("plugin-output", $"wrote {what} to the column '{_fields[column].Name}', which is {_fields[column].Type}");

    static (Int128 Least, Int128 Most) Range(DataType type) => type.Kind switch
    {
        TypeKind.Date => (int.MinValue, int.MaxValue),
        TypeKind.Time => (0, TicksPerDay(type.Unit) - 1),
        TypeKind.Timestamp => (long.MinValue, long.MaxValue),
        _ => type.Range(),
    };

    static Int128 TicksPerDay(TimeUnit unit) => 86_400_000 * (unit switch { TimeUnit.Millis => (Int128)1, TimeUnit.Micros => 1_000, _ => 1_000_000 });
}
