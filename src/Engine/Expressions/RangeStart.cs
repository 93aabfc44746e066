using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Expressions;

/// <summary>Of several ranges the first value of the one that a value lies in; null where it lies in none, as nulls and NaN do.</summary>
public sealed class RangeStart : ValueExpression
{
    readonly ValueExpression _operand;
    readonly Scalar[] _starts;
    readonly Scalar?[] _ends;

    /// <summary>The same as <see cref="KeyWords"/>; empty where the type has none of 64 bits.</summary>
    readonly ulong[] _startWords = [];
    readonly ulong[] _endWords = [];

    /// <param name="ranges">Ascending, none overlapping another; half-open, and without an end where it is null.</param>
    public RangeStart(Schema schema, int ordinal, IReadOnlyList<(Scalar From, Scalar? Below)> ranges) : base(schema[ordinal].Type)
    {
        _operand = new ColumnReference(ordinal, schema[ordinal]);
        _starts = [.. ranges.Select(range => range.From)];
        _ends = [.. ranges.Select(range => range.Below)];
        if (Type.Lane is Lane.Bytes or Lane.Int128) return;
        _startWords = WordsOf(_starts);
        // What has no end ends before NaN, whose word is the last.
        _endWords = [.. _ends.Select(end => end is { } below ? WordsOf([below])[0] : ulong.MaxValue)];
    }

    internal override Column Evaluate(in RowFrame frame)
    {
        var input = _operand.Evaluate(frame);
        var output = frame.Scratch.RentColumn(Type);
        if (input is DictionaryColumn coded) Append(coded, frame.Rows, output);
        else Append(input, frame.Rows, output);
        frame.Scratch.Return(input);
        return output;
    }

    internal override ColumnBounds Bounds(ReadOnlySpan<ColumnBounds> byOrdinal) => ColumnBounds.Unknown;

    internal override void CollectColumns(IDictionary<int, DataType> columns) => _operand.CollectColumns(columns);

    void Append(Column input, int rows, Column output)
    {
        Span<ulong> words = stackalloc ulong[ColumnChunks<ulong>.Rows];
        for (var from = 0; from < rows; from += words.Length)
        {
            var count = Math.Min(words.Length, rows - from);
            if (_startWords.Length > 0) KeyWords.Encode(input, from, words[..count]);
            for (var i = 0; i < count; i++) Append(input.IsNull(from + i) ? -1 : _startWords.Length > 0 ? RangeOf(words[i]) : RangeOf(input[from + i]), output);
        }
    }

    void Append(DictionaryColumn input, int rows, Column output)
    {
        var ranges = new int[input.Dictionary.Length];
        for (var code = 0; code < ranges.Length; code++) ranges[code] = RangeOf(input.Dictionary[code]);
        for (var row = 0; row < rows; row++) Append(input.IsNull(row) ? -1 : ranges[input.Codes[row]], output);
    }

    void Append(int range, Column output)
    {
        if (range < 0) output.AppendNull();
        else output.Append(_starts[range]);
    }

    int RangeOf(ulong word)
    {
        var at = Array.BinarySearch(_startWords, word);
        if (at < 0) at = ~at - 1;
        return at >= 0 && word < _endWords[at] ? at : -1;
    }

    int RangeOf(in Scalar value)
    {
        if (value.IsNull || value.IsNaN) return -1;
        var at = Array.BinarySearch(_starts, value, Comparer<Scalar>.Create(static (left, right) => Scalar.Compare(left, right)));
        if (at < 0) at = ~at - 1;
        return at >= 0 && (_ends[at] is not { } end || Scalar.Compare(value, end) < 0) ? at : -1;
    }

    static ulong[] WordsOf(ReadOnlySpan<Scalar> values)
    {
        var column = Column.Create(values.Length == 0 ? DataType.Int64 : values[0].Type);
        foreach (var value in values) column.Append(value);
        var words = new ulong[values.Length];
        KeyWords.Encode(column, 0, words.AsSpan());
        return words;
    }
}
