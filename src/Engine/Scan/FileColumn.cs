using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;

namespace Fanfold.Engine.Scan;

/// <summary>Where one file has the values of a column of the scan: in a column of its own, which may be narrower, or as one value of all its rows.</summary>
public sealed class FileColumn
{
    FileColumn(DataType type, ParquetColumn? stored, Scalar constant) => (Type, Stored, Constant) = (type, stored, constant);

    /// <summary>As the scan's schema has it; the stored type widens to it.</summary>
    public DataType Type { get; }

    /// <summary>The file's own column; null when <see cref="Constant"/> counts.</summary>
    public ParquetColumn? Stored { get; }

    /// <summary>The value, or null, of every row.</summary>
    public Scalar Constant { get; }

    public bool IsWidened => Stored is { } stored && stored.Type != Type;

    public static FileColumn Of(ParquetColumn stored, DataType type) => new(type, stored, default);

    public static FileColumn Of(in Scalar constant) => new(constant.Type, null, constant);

    public static implicit operator FileColumn(ParquetColumn stored) => Of(stored, stored.Type!.Value);

    /// <summary>What the statistics prove about the column in a row group. Of a null constant they prove nothing; <see cref="CanMatch"/> does.</summary>
    /// <param name="chunk">The stored column's; not looked at for a constant.</param>
    public ColumnBounds Bounds(ColumnChunk? chunk)
    {
        if (Stored is null) return Constant.IsNull ? ColumnBounds.Unknown : new ColumnBounds(Constant, Constant);
        return Widen(ColumnStatistics.Bounds(Stored, chunk!));
    }

    /// <summary>Bounds of the stored values as bounds of the column's.</summary>
    internal ColumnBounds Widen(in ColumnBounds stored) => IsWidened ? Widening.Convert(stored, Type) : stored;

    /// <summary>One row of the constant.</summary>
    internal Column ConstantRow()
    {
        var row = Column.Create(Type);
        row.Append(Constant);
        return row;
    }

    /// <summary>False only if the constants alone rule out that the predicate is true for any row of the file.</summary>
    /// <param name="columns">By ordinal.</param>
    public static bool CanMatch(Expressions.Predicate predicate, IReadOnlyList<FileColumn> columns)
    {
        foreach (var ordinal in predicate.Ordinals)
        {
            if (columns[ordinal].Stored is null && !predicate.CanMatchRow(ordinal, columns[ordinal].ConstantRow())) return false;
        }
        return true;
    }
}
