using System.Numerics;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>Which rows of a page have values: the definition levels as bitmaps, with a short way for stretches without nulls.</summary>
sealed class PageValidity(ChargedArrays arrays)
{
    LevelDecoder _levels;
    bool _hasLevels;
    ulong[] _bits = [];
    ulong[] _chosen = [];
    int[] _ranks = [];
    int _rows;

    /// <summary>Starts a page; returns the part of its body that holds the values.</summary>
    public ReadOnlyMemory<byte> Start(in PageHeader header, ReadOnlyMemory<byte> body, bool isOptional)
    {
        _hasLevels = isOptional;
        if (header.Kind == PageKind.DataV2)
        {
            if (isOptional) _levels = LevelDecoder.OpenV2(body.Slice(header.RepetitionLevelsLength, header.DefinitionLevelsLength));
            return body[(header.DefinitionLevelsLength + header.RepetitionLevelsLength)..];
        }
        if (!isOptional) return body;
        _levels = LevelDecoder.OpenV1(body, header.DefinitionLevels, header.Values, out var length);
        return body[length..];
    }

    /// <summary>Lets go of the page's bytes.</summary>
    public void Forget() => _levels = default;

    /// <summary>Takes the next <paramref name="rows"/> rows and returns how many have values; if not all, <see cref="Bits"/> tells which.</summary>
    public int Take(int rows)
    {
        if (!_hasLevels || _levels.TryTakeAllValid(rows)) return rows;
        _rows = rows;
        arrays.Renew(ref _bits, Bitmap.WordsFor(rows));
        _levels.Decode(_bits.AsSpan(0, Bitmap.WordsFor(rows)), rows);
        return Bitmap.CountSet(Bits);
    }

    /// <summary>The rows last taken, a bit each, when some of them are null.</summary>
    public ReadOnlySpan<ulong> Bits => _bits.AsSpan(0, Bitmap.WordsFor(_rows));

    /// <summary>
    /// Of the rows at <paramref name="positions"/>, ascending and counted from <paramref name="start"/>, those with values, as positions among the
    /// values of the rows last taken; <paramref name="validity"/> has a bit for each position.
    /// </summary>
    public ReadOnlySpan<int> Rank(ReadOnlySpan<int> positions, int start, out ReadOnlySpan<ulong> validity)
    {
        var words = Bitmap.WordsFor(positions.Length);
        arrays.Renew(ref _chosen, words);
        arrays.Renew(ref _ranks, positions.Length);
        var chosen = _chosen.AsSpan(0, words);
        chosen.Clear();
        int word = 0, before = 0, found = 0;
        for (var i = 0; i < positions.Length; i++)
        {
            var row = positions[i] - start;
            for (; word < row >> 6; word++) before += BitOperations.PopCount(_bits[word]);
            if ((_bits[word] >> row & 1) == 0) continue;
            _ranks[found++] = before + BitOperations.PopCount(_bits[word] & ((1UL << row) - 1));
            Bitmap.Set(chosen, i);
        }
        validity = chosen;
        return _ranks.AsSpan(0, found);
    }
}
