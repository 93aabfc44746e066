using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>Appends the result for one text, in UTF-8.</summary>
delegate void TextMap(ReadOnlySpan<byte> value, BytesColumn target);

/// <summary>A text made of a text, row by row; null of null.</summary>
sealed class TextExpression(ValueExpression operand, TextMap map) : ValueExpression(DataType.String)
{
    internal override Column Evaluate(in RowFrame frame)
    {
        var input = operand.Evaluate(frame);
        var output = (BytesColumn)frame.Scratch.RentColumn(Type);
        var rows = new ByteRows(input);
        for (var row = 0; row < frame.Rows; row++)
        {
            if (input.IsNull(row)) output.AppendNull();
            else map(rows[row], output);
        }
        frame.Scratch.Return(input);
        return output;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns) => operand.CollectColumns(columns);
}

/// <summary>False when the text has no result.</summary>
delegate bool TextMeasure<T>(ReadOnlySpan<byte> value, out T result);

/// <summary>A fixed-width value made of a text, row by row; null of null.</summary>
/// <param name="failure">What to say of a text without a result; null gives null for it.</param>
sealed class TextMeasureExpression<T>(ValueExpression operand, DataType type, TextMeasure<T> measure, string? failure = null) : ValueExpression(type) where T : unmanaged
{
    internal override Column Evaluate(in RowFrame frame)
    {
        var input = operand.Evaluate(frame);
        var output = (Column<T>)frame.Scratch.RentColumn(Type);
        var rows = new ByteRows(input);
        for (var row = 0; row < frame.Rows; row++)
        {
            if (input.IsNull(row)) output.AppendNull();
            else if (measure(rows[row], out var result)) output.Append(result);
            else if (failure is not null) throw new EvaluationException($"{failure} ({Quotation.Of(input[row].ToString())})");
            else output.AppendNull();
        }
        frame.Scratch.Return(input);
        return output;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns) => operand.CollectColumns(columns);
}

/// <summary>Writes a value in UTF-8 and returns the number of bytes; the span holds any such text.</summary>
delegate int TextFormat<T>(T value, Span<byte> target);

/// <summary>A text made of a fixed-width value, row by row; null of null.</summary>
sealed class TextFormatExpression<T>(ValueExpression operand, TextFormat<T> format) : ValueExpression(DataType.String) where T : unmanaged
{
    internal override Column Evaluate(in RowFrame frame)
    {
        var input = operand.Evaluate(frame);
        var output = (BytesColumn)frame.Scratch.RentColumn(Type);
        Span<byte> text = stackalloc byte[TextCast.MaxLength];
        var chunks = new ColumnChunks<T>(input, stackalloc T[ColumnChunks<T>.Rows]);
        for (var start = 0; start < frame.Rows; start += 64)
        {
            var values = chunks.Read(start, Math.Min(64, frame.Rows - start));
            for (var i = 0; i < values.Length; i++)
            {
                if (input.IsNull(start + i)) output.AppendNull();
                else output.Append(text[..format(values[i], text)]);
            }
        }
        frame.Scratch.Return(input);
        return output;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns) => operand.CollectColumns(columns);
}
