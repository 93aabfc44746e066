using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>One value a group, of any type, replaced at will; null to begin with.</summary>
abstract class ValueCells(StateMemory memory)
{
    bool[] _present = [];

    public static ValueCells Create(DataType type, StateMemory memory) => type.Lane switch
    {
        Lane.Bool => new Fixed<byte>(memory),
        Lane.Int32 => new Fixed<int>(memory),
        Lane.Int64 => new Fixed<long>(memory),
        Lane.UInt64 => new Fixed<ulong>(memory),
        Lane.Float => new Fixed<float>(memory),
        Lane.Double => new Fixed<double>(memory),
        Lane.Int128 => new Fixed<Int128>(memory),
        _ => new Bytes(memory),
    };

    public virtual void Resize(int groups) => memory.Lengthen(ref _present, groups);

    /// <summary>Makes all null and keeps the memory.</summary>
    public virtual void Clear() => Array.Clear(_present);

    /// <summary>Makes room for all values of a plain or coded column.</summary>
    public virtual void Reserve(Column values)
    {
    }

    /// <summary>Takes a row of a plain or coded column.</summary>
    public void Set(int group, Column source, int row)
    {
        _present[group] = !source.IsNull(row);
        if (!_present[group]) return;
        if (source is DictionaryColumn coded) SetValid(group, coded.Dictionary, coded.Codes[row]);
        else SetValid(group, source, row);
    }

    /// <summary>The bytes of a cell.</summary>
    public virtual long BytesOf(int group) => 2 * sizeof(long);

    public void AppendTo(Column target, int group)
    {
        if (_present[group]) AppendValid(target, group);
        else target.AppendNull();
    }

    protected abstract void SetValid(int group, Column source, int row);

    protected abstract void AppendValid(Column target, int group);

    sealed class Fixed<T>(StateMemory memory) : ValueCells(memory) where T : unmanaged
    {
        readonly StateMemory _memory = memory;
        T[] _values = [];

        public override void Resize(int groups)
        {
            base.Resize(groups);
            _memory.Lengthen(ref _values, groups);
        }

        protected override void SetValid(int group, Column source, int row) => _values[group] = ((Column<T>)source).Values[row];

        protected override void AppendValid(Column target, int group) => ((Column<T>)target).Append(_values[group]);
    }

    sealed class Bytes(StateMemory memory) : ValueCells(memory)
    {
        readonly BytesCells _values = new(memory);

        public override void Resize(int groups)
        {
            base.Resize(groups);
            _values.Resize(groups);
        }

        public override void Reserve(Column values) => _values.Reserve(values);

        public override long BytesOf(int group) => sizeof(int) + _values[group].Length;

        public override void Clear()
        {
            base.Clear();
            _values.Clear();
        }

        protected override void SetValid(int group, Column source, int row) => _values.Set(group, ((BytesColumn)source).Bytes(row));

        protected override void AppendValid(Column target, int group) => ((BytesColumn)target).Append(_values[group]);
    }
}
