using System.IO.Hashing;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Parquet;

/// <summary>
/// Reads one flat column of one file, chunk after chunk, page after page; only one page is ever held. Rows come as
/// dictionary codes while the pages have them, otherwise as values.
/// </summary>
sealed class ColumnChunkReader(IByteSource source, ParquetColumn column, long dataEnd) : IDisposable
{
    readonly ChunkBytes _bytes = new(source);
    readonly PageCodec _codec = new();
    readonly ValueDecoder _decoder = ValueDecoder.Create(column);
    readonly Column _values = Column.Create(column.Type!.Value);
    readonly DictionaryColumn _codes = new(column.Type!.Value);
    byte[] _page = [];
    int[] _levels = [];
    ColumnChunk? _chunk;
    int _rowGroup;
    int _pageOrdinal;
    Column? _dictionary;
    PageHeader _header;
    bool _bodyLoaded;
    bool _isCoded;
    RleBitPackedDecoder _codeDecoder;
    LevelDecoder _levelDecoder;
    bool _hasLevels;
    int _rowsLeftInPage;
    int _skippedInPage;
    long _rowsLeft;
    long _pendingSkip;

    /// <summary>Values decoded or skipped inside pages; a row group's proof of completeness counts them.</summary>
    public long RowsRead { get; private set; }

    public void Open(int rowGroup, ColumnChunk chunk)
    {
        _rowGroup = rowGroup;
        _chunk = chunk;
        _pageOrdinal = -1;
        _dictionary = null;
        _rowsLeftInPage = 0;
        _pendingSkip = 0;
        _rowsLeft = chunk.Values;
        if (chunk.Encrypted) throw At(new ParquetDataException(ParquetDefect.Encrypted, "the column is encrypted"));
        if (chunk.ExternalFile is not null) throw At(new ParquetDataException(ParquetDefect.Unsupported, $"the column's data are in another file, '{chunk.ExternalFile}'"));
        _bytes.Open(chunk.Offset, Math.Min(dataEnd, chunk.Offset + chunk.CompressedSize), dataEnd);
    }

    /// <summary>Passes over rows; whole pages of them are neither fetched nor decompressed.</summary>
    public void Skip(int rows) => _pendingSkip += rows;

    /// <summary>The next <paramref name="rows"/> rows, in a column of this reader that is valid until the next call.</summary>
    public async ValueTask<Column> ReadAsync(int rows, CancellationToken cancellationToken)
    {
        try
        {
            _codes.Clear();
            _values.Clear();
            while (rows > 0)
            {
                await SeekAsync(cancellationToken);
                if (!_bodyLoaded) await LoadBodyAsync(cancellationToken);
                var take = Math.Min(rows, _rowsLeftInPage);
                AppendRows(take);
                _rowsLeftInPage -= take;
                _rowsLeft -= take;
                RowsRead += take;
                rows -= take;
            }
            return _values.Length > 0 ? _values : _codes;
        }
        catch (Exception exception) when (ParquetDataException.From(exception) is { } typed)
        {
            throw At(typed);
        }
    }

    ParquetDataException At(ParquetDataException defect) => defect.At(source.Name, _rowGroup, column.Name, _pageOrdinal < 0 ? null : _pageOrdinal);

    public void Dispose() => _codec.Dispose();

    // Stands at a row of a page whose header is read, after all skips.
    async ValueTask SeekAsync(CancellationToken cancellationToken)
    {
        while (_rowsLeftInPage == 0 || _pendingSkip > 0)
        {
            if (_rowsLeftInPage == 0)
            {
                await NextDataPageAsync(cancellationToken);
                continue;
            }
            var skip = (int)Math.Min(_pendingSkip, _rowsLeftInPage);
            _pendingSkip -= skip;
            _rowsLeftInPage -= skip;
            _rowsLeft -= skip;
            if (_bodyLoaded) SkipRows(skip);
            else if (_rowsLeftInPage == 0) _bytes.Advance(_header.CompressedSize);
            else _skippedInPage += skip;
        }
    }

    async ValueTask NextDataPageAsync(CancellationToken cancellationToken)
    {
        if (_rowsLeft <= 0) throw new ParquetDataException(ParquetDefect.Corrupt, "the chunk's pages are used up before its rows");
        do
        {
            _pageOrdinal++;
            _header = await ReadHeaderAsync(cancellationToken);
            _bodyLoaded = false;
            _skippedInPage = 0;
            if (_header.Kind == PageKind.Dictionary) await LoadDictionaryAsync(cancellationToken);
            else if (_header.Kind == PageKind.Other) _bytes.Advance(_header.CompressedSize);
            else if (_header.Values == 0) _bytes.Advance(_header.CompressedSize);
            else break;
        }
        while (true);
        if (_header.Values > _rowsLeft) throw new ParquetDataException(ParquetDefect.Corrupt, $"the page counts {_header.Values} values, the chunk has {_rowsLeft} left");
        _rowsLeftInPage = _header.Values;
    }

    async ValueTask<PageHeader> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        // Statistics of long strings make headers of any size up to a few MiB; nearly all are below 1 KiB.
        for (var length = 1024; ; length *= 16)
        {
            var bytes = await _bytes.PeekAsync(length, cancellationToken);
            if (bytes.Length == 0) throw new ParquetDataException(ParquetDefect.Truncated, "the pages end before the chunk's values");
            try
            {
                var header = PageHeader.Parse(bytes.Span, out var headerLength);
                _bytes.Advance(headerLength);
                return header;
            }
            catch (ParquetDataException defect) when (defect.Defect == ParquetDefect.Truncated && bytes.Length < _bytes.Remaining && length < 16 << 20)
            {
            }
        }
    }

    async ValueTask LoadDictionaryAsync(CancellationToken cancellationToken)
    {
        if (_dictionary is not null) throw new ParquetDataException(ParquetDefect.Corrupt, "a second dictionary page");
        if (_header.Encoding is not (Encoding.Plain or Encoding.PlainDictionary)) throw new ParquetDataException(ParquetDefect.Corrupt, $"a dictionary in encoding {_header.Encoding}");
        var data = await DecompressAsync(0, cancellationToken);
        // A value takes at least a bit, so a forged count cannot ask for more memory than the page justifies.
        if (_header.Values > data.Length * 8L) throw new ParquetDataException(ParquetDefect.Corrupt, $"a dictionary of {_header.Values} values in {data.Length} bytes");
        _dictionary = Column.Create(column.Type!.Value);
        _decoder.Start(Encoding.Plain, data, _header.Values);
        if (_header.Values > 0) _decoder.Append(_header.Values, _dictionary);
    }

    async ValueTask LoadBodyAsync(CancellationToken cancellationToken)
    {
        var levelsLength = _header.DefinitionLevelsLength + _header.RepetitionLevelsLength;
        var page = await DecompressAsync(levelsLength, cancellationToken);
        _hasLevels = column.IsOptional;
        if (_header.Kind == PageKind.DataV2)
        {
            if (_hasLevels) _levelDecoder = LevelDecoder.OpenV2(page.Slice(_header.RepetitionLevelsLength, _header.DefinitionLevelsLength));
            page = page[levelsLength..];
        }
        else if (_hasLevels)
        {
            _levelDecoder = LevelDecoder.OpenV1(page, _header.DefinitionLevels, _header.Values, out var length);
            page = page[length..];
        }
        _isCoded = _header.Encoding is Encoding.PlainDictionary or Encoding.RleDictionary;
        if (_isCoded)
        {
            // A page of nulls alone may have no bytes at all.
            _codeDecoder = page.Length == 0 ? new RleBitPackedDecoder(page, 0) : new RleBitPackedDecoder(page[1..], page.Span[0]);
        }
        else _decoder.Start(_header.Encoding, page, _header.Values);
        _bodyLoaded = true;
        if (_skippedInPage > 0) SkipRows(_skippedInPage);
    }

    /// <summary>The page's bytes; the first <paramref name="levels"/> of a v2 page are never compressed.</summary>
    async ValueTask<ReadOnlyMemory<byte>> DecompressAsync(int levels, CancellationToken cancellationToken)
    {
        var available = _bytes.Remaining;
        if (_header.CompressedSize > available)
            throw new ParquetDataException(ParquetDefect.Truncated, $"the page needs {_header.CompressedSize} bytes, {available} remain");
        var raw = (await _bytes.PeekAsync(_header.CompressedSize, cancellationToken))[.._header.CompressedSize];
        if (_header.Crc is { } crc && Crc32.HashToUInt32(raw.Span) is var actual && actual != crc)
            throw new ParquetDataException(ParquetDefect.Corrupt, $"the page's CRC is {actual:x8}, its header says {crc:x8}");
        var codec = _header.IsCompressed ? _chunk!.Codec : CompressionCodec.Uncompressed;
        PageCodec.RequirePlausible(codec, raw.Span[levels..], _header.UncompressedSize - levels);
        if (_page.Length < _header.UncompressedSize) _page = GC.AllocateUninitializedArray<byte>(Math.Max(_header.UncompressedSize, Math.Min(_page.Length * 2, 1 << 20)));
        var page = _page.AsMemory(0, _header.UncompressedSize);
        raw[..levels].CopyTo(page);
        _codec.Decompress(codec, raw[levels..], page[levels..]);
        _bytes.Advance(_header.CompressedSize);
        return page;
    }

    void AppendRows(int rows)
    {
        var target = TargetFor();
        if (!_hasLevels || _levelDecoder.TryTakeAllValid(rows))
        {
            AppendValues(rows, target);
            return;
        }
        var levels = DecodeLevels(rows);
        for (var i = 0; i < levels.Length;)
        {
            var run = levels[i..].IndexOfAnyExcept(levels[i]);
            if (run < 0) run = levels.Length - i;
            if (levels[i] != 0) AppendValues(run, target);
            else for (var n = 0; n < run; n++) target.AppendNull();
            i += run;
        }
    }

    Span<int> DecodeLevels(int rows)
    {
        if (_levels.Length < rows) _levels = new int[rows];
        var levels = _levels.AsSpan(0, rows);
        _levelDecoder.Decode(levels);
        return levels;
    }

    // Codes and values do not mix in one column: once a batch has values, later codes are looked up.
    Column TargetFor()
    {
        if (_isCoded && _values.Length == 0)
        {
            _codes.Dictionary = _dictionary ?? throw new ParquetDataException(ParquetDefect.Corrupt, "dictionary codes without a dictionary page");
            return _codes;
        }
        for (var row = 0; row < _codes.Length; row++) _values.AppendFrom(_codes, row);
        _codes.Clear();
        return _values;
    }

    void AppendValues(int count, Column target)
    {
        if (!_isCoded) _decoder.Append(count, target);
        else if (target == _codes) DecodeCodes(_codes.AppendSpan(count));
        else
        {
            // Only met where a chunk falls back to plain pages and then returns to codes inside one batch.
            var codes = new int[count];
            DecodeCodes(codes);
            target.AppendFrom(_dictionary!, codes);
        }
    }

    void DecodeCodes(Span<int> codes)
    {
        _codeDecoder.Decode(codes);
        var size = (uint)(_dictionary?.Length ?? 0);
        uint largest = 0;
        foreach (var code in codes) largest = Math.Max(largest, (uint)code);
        if (codes.Length > 0 && largest >= size) throw new ParquetDataException(ParquetDefect.Corrupt, $"a dictionary code of {largest} for a dictionary of {size} values");
    }

    void SkipRows(int rows)
    {
        var values = rows;
        if (_hasLevels && !_levelDecoder.TryTakeAllValid(rows))
        {
            values = 0;
            for (var left = rows; left > 0; left -= 8192)
            {
                foreach (var level in DecodeLevels(Math.Min(left, 8192))) values += level;
            }
        }
        if (_isCoded) _codeDecoder.Skip(values);
        else _decoder.Skip(values);
    }
}
