using System.Buffers;
using System.IO.Hashing;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Reduce;

/// <summary>Numbers the distinct keys of rows from 0 in order of first appearance.</summary>
sealed class GroupTable
{
    readonly Column[] _keys;
    readonly BytesColumn _encoded = new(DataType.Binary);
    readonly ArrayBufferWriter<byte> _scratch = new();
    int[] _buckets = new int[256];
    uint[] _hashes = new uint[128];
    Column? _dictionary;
    int[] _groupOfCode = [];

    public GroupTable(IEnumerable<DataType> keyTypes)
    {
        _keys = [.. keyTypes.Select(type => Column.Create(type))];
    }

    /// <summary>The number of distinct keys so far.</summary>
    public int Count => _encoded.Length;

    /// <summary>The key values, one row a group.</summary>
    public IReadOnlyList<Column> Keys => _keys;

    /// <summary>Unsigned byte order of these is the order of the groups.</summary>
    public ReadOnlySpan<byte> EncodedKey(int group) => _encoded.Bytes(group);

    /// <summary>Writes the group of each row; new keys get the next numbers.</summary>
    public void Assign(IReadOnlyList<Column> keyColumns, Span<int> groups)
    {
        if (keyColumns.Count == 0) groups.Fill(GroupOf(keyColumns, 0));
        else if (keyColumns.Count == 1 && keyColumns[0] is DictionaryColumn coded && coded.Dictionary.Length <= 1 << 16) AssignByCode(coded, groups);
        else
        {
            for (var i = 0; i < groups.Length; i++) groups[i] = GroupOf(keyColumns, i);
        }
    }

    /// <summary>The group of a key of another table with the same key types.</summary>
    public int GroupOf(GroupTable other, int group) => Find(other.EncodedKey(group), other._keys, group);

    void AssignByCode(DictionaryColumn coded, Span<int> groups)
    {
        if (_dictionary != coded.Dictionary)
        {
            _dictionary = coded.Dictionary;
            if (_groupOfCode.Length < _dictionary.Length) _groupOfCode = new int[_dictionary.Length];
            _groupOfCode.AsSpan(0, _dictionary.Length).Fill(-1);
        }
        var codes = coded.Codes;
        for (var i = 0; i < groups.Length; i++)
        {
            if (coded.HasNulls && coded.IsNull(i))
            {
                groups[i] = GroupOf([coded], i);
                continue;
            }
            ref var group = ref _groupOfCode[codes[i]];
            if (group < 0) group = GroupOf([coded.Dictionary], codes[i]);
            groups[i] = group;
        }
    }

    int GroupOf(IReadOnlyList<Column> columns, int row)
    {
        _scratch.ResetWrittenCount();
        for (var i = 0; i < columns.Count; i++) KeyEncoder.Append(_scratch, columns[i], row);
        return Find(_scratch.WrittenSpan, columns, row);
    }

    int Find(ReadOnlySpan<byte> key, IReadOnlyList<Column> columns, int row)
    {
        var hash = (uint)XxHash3.HashToUInt64(key);
        var slot = hash & (uint)(_buckets.Length - 1);
        for (; _buckets[slot] != 0; slot = slot + 1 & (uint)(_buckets.Length - 1))
        {
            var candidate = _buckets[slot] - 1;
            if (_hashes[candidate] == hash && _encoded.Bytes(candidate).SequenceEqual(key)) return candidate;
        }
        var group = Count;
        _encoded.Append(key);
        for (var i = 0; i < _keys.Length; i++) AppendCanonical(_keys[i], columns[i], row);
        if (group == _hashes.Length) Array.Resize(ref _hashes, group * 2);
        _hashes[group] = hash;
        _buckets[slot] = group + 1;
        if (Count * 2 > _buckets.Length) Rehash();
        return group;
    }

    // Which of several equal floats is met first depends on the scan; the group shows one of them always.
    static void AppendCanonical(Column key, Column source, int row)
    {
        key.AppendFrom(source, row);
        if (key is Column<double> doubles && !doubles.IsNull(doubles.Length - 1)) doubles.MutableValues[^1] = Canonical(doubles.Values[^1]);
        else if (key is Column<float> floats && !floats.IsNull(floats.Length - 1)) floats.MutableValues[^1] = (float)Canonical(floats.Values[^1]);
    }

    static double Canonical(double value) => double.IsNaN(value) ? double.NaN : value == 0 ? 0 : value;

    void Rehash()
    {
        _buckets = new int[_buckets.Length * 4];
        for (var group = 0; group < Count; group++)
        {
            var slot = _hashes[group] & (uint)(_buckets.Length - 1);
            while (_buckets[slot] != 0) slot = slot + 1 & (uint)(_buckets.Length - 1);
            _buckets[slot] = group + 1;
        }
    }
}
