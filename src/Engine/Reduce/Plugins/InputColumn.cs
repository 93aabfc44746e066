using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce.Plugins;

/// <summary>A column of a batch in the form that the reducer asked for.</summary>
class InputColumn(ReducerInput declared)
{
    public ReducerInput Declared => declared;

    /// <summary>As it was read: values of the source's type, or codes.</summary>
    public Column Source { get; private set; } = null!;

    public virtual void Load(Column source) => Source = source;

    public static InputColumn Create(ReducerInput declared) => declared.Form switch
    {
        InputForm.Bool => new FixedInput<byte>(declared),
        InputForm.Int64 or InputForm.Time or InputForm.Timestamp => new FixedInput<long>(declared),
        InputForm.UInt64 => new FixedInput<ulong>(declared),
        InputForm.Double => new FixedInput<double>(declared),
        InputForm.Decimal => new FixedInput<Int128>(declared),
        InputForm.Date => new FixedInput<int>(declared),
        // Never written out: a long text in a dictionary, once a row, would be a bomb.
        _ => new InputColumn(declared),
    };
}

/// <summary>Values of a fixed width: the source's own where they have it, else widened or looked up into a buffer that all batches share.</summary>
sealed class FixedInput<T>(ReducerInput declared) : InputColumn(declared) where T : unmanaged, INumberBase<T>
{
    T[] _buffer = [];

    public ReadOnlySpan<T> Values => Source is Column<T> plain ? plain.Values : _buffer.AsSpan(0, Source.Length);

    public override void Load(Column source)
    {
        base.Load(source);
        if (source is Column<T>) return;
        if (_buffer.Length < source.Length) _buffer = new T[Math.Max(source.Length, 2 * _buffer.Length)];
        switch (source.Type.Lane)
        {
            case Lane.Bool: Fill<byte>(source); break;
            case Lane.Int32: Fill<int>(source); break;
            case Lane.Int64: Fill<long>(source); break;
            case Lane.UInt64: Fill<ulong>(source); break;
            case Lane.Float: Fill<float>(source); break;
            case Lane.Double: Fill<double>(source); break;
            case Lane.Int128: Fill<Int128>(source); break;
            default: throw new InvalidOperationException($"{source.Type} has no fixed width");
        }
    }

    void Fill<TSource>(Column source) where TSource : unmanaged, INumberBase<TSource>
    {
        var buffer = _buffer.AsSpan(0, source.Length);
        if (source is not DictionaryColumn coded)
        {
            var values = ((Column<TSource>)source).Values;
            for (var i = 0; i < buffer.Length; i++) buffer[i] = T.CreateChecked(values[i]);
            return;
        }
        var dictionary = ((Column<TSource>)coded.Dictionary).Values;
        var codes = coded.Codes;
        // The dictionary of a chunk of nulls is empty.
        for (var i = 0; i < buffer.Length; i++) buffer[i] = coded.IsNull(i) ? T.Zero : T.CreateChecked(dictionary[codes[i]]);
    }
}
