using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce.Plugins;

/// <summary>In what form a reducer sees a column: each form accepts several types and always gives one kind of span.</summary>
public enum InputForm
{
    /// <summary><see cref="InputBatch.Bools"/> of a bool.</summary>
    Bool,
    /// <summary><see cref="InputBatch.Int64s"/> of any integer but uint64.</summary>
    Int64,
    /// <summary><see cref="InputBatch.UInt64s"/> of an unsigned integer.</summary>
    UInt64,
    /// <summary><see cref="InputBatch.Doubles"/> of a float, a double, or an integer of at most 32 bits; all of them exact.</summary>
    Double,
    /// <summary><see cref="InputBatch.Decimals"/> of a decimal: the unscaled number; the scale is the type's.</summary>
    Decimal,
    /// <summary><see cref="InputBatch.Dates"/> of a date: days since 1970-01-01.</summary>
    Date,
    /// <summary><see cref="InputBatch.Ticks"/> of a time, in the type's unit since midnight.</summary>
    Time,
    /// <summary><see cref="InputBatch.Ticks"/> of a timestamp, in the type's unit since 1970-01-01.</summary>
    Timestamp,
    /// <summary><see cref="InputBatch.Bytes"/> of a string, in UTF-8.</summary>
    Text,
    /// <summary><see cref="InputBatch.Bytes"/> of a binary or a uuid, or the UTF-8 of a string.</summary>
    Binary,
}

/// <summary>A column that a reducer reads.</summary>
public sealed record ReducerInput(string Name, InputForm Form)
{
    public bool Accepts(DataType type) => Form switch
    {
        InputForm.Bool => type.Kind == TypeKind.Bool,
        InputForm.Int64 => type.IsInteger && type.Kind != TypeKind.UInt64,
        InputForm.UInt64 => type.Kind is TypeKind.UInt8 or TypeKind.UInt16 or TypeKind.UInt32 or TypeKind.UInt64,
        InputForm.Double => type.IsFloating || (type.IsInteger && type.Kind is not (TypeKind.Int64 or TypeKind.UInt64)),
        InputForm.Decimal => type.Kind == TypeKind.Decimal,
        InputForm.Date => type.Kind == TypeKind.Date,
        InputForm.Time => type.Kind == TypeKind.Time,
        InputForm.Timestamp => type.Kind == TypeKind.Timestamp,
        InputForm.Text => type.Kind == TypeKind.String,
        _ => type.Lane == Lane.Bytes,
    };

    /// <summary>The accepted types in words.</summary>
    public string Accepted => Form switch
    {
        InputForm.Int64 => "an integer, but not uint64",
        InputForm.UInt64 => "an unsigned integer",
        InputForm.Double => "float, double or an integer of at most 32 bits",
        InputForm.Text => "string",
        InputForm.Binary => "binary, uuid or string",
        _ => Form.ToString().ToLowerInvariant(),
    };
}
