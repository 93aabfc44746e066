using System.Numerics;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Parquet;

/// <summary>
/// Reads one flat column of one file, chunk after chunk, page after page. Rows come as dictionary codes while the pages have them,
/// otherwise as values; of rows that are not asked for nothing is decoded, and pages of such rows alone are neither fetched nor decompressed.
/// Between reads its page gives way where memory is short, and is read again when it is needed.
/// </summary>
sealed class ColumnChunkReader : IDisposable
{
    /// <summary>Rows that are passed over at a time, since their levels are looked at.</summary>
    const int Stretch = 64 << 10;

    readonly IByteSource _source;
    readonly ParquetColumn _column;
    readonly Buffers _buffers;
    readonly LinkedListNode<Action> _idle;
    readonly PageReader _pages;
    readonly ValueDecoder _decoder;
    readonly Column _values;
    readonly DictionaryColumn _codes;
    readonly ChargedArrays _arrays;
    readonly PageValidity _validity;
    int[] _looseCodes = [];
    ColumnChunk? _chunk;
    OffsetIndex? _index;
    int _rowGroup;
    Column? _dictionary;
    long _dictionaryAt;
    bool _bodyLoaded;
    bool _isCoded;
    RleBitPackedDecoder _codeDecoder;
    int _rowsLeftInPage;
    long _rowsLeft;
    long _pendingSkip;

    public ColumnChunkReader(IByteSource source, ReadAhead ahead, ParquetColumn column, long dataEnd, Buffers buffers)
    {
        _source = source;
        _column = column;
        _buffers = buffers;
        _pages = new PageReader(source, ahead, dataEnd, buffers);
        _decoder = ValueDecoder.Create(column, buffers.Account);
        _values = buffers.RentColumn(column.Type!.Value);
        _codes = buffers.RentCodes(column.Type!.Value);
        _arrays = new ChargedArrays(buffers.Account);
        _validity = new PageValidity(_arrays);
        _idle = new LinkedListNode<Action>(DropPage);
    }

    /// <summary>Rows of pages that were decoded; a row group's proof of completeness counts them.</summary>
    public long RowsRead { get; private set; }

    /// <param name="index">The places of the pages, when they are known: then pages that are skipped aren't even looked at.</param>
    public void Open(int rowGroup, ColumnChunk chunk, OffsetIndex? index = null)
    {
        _chunk = chunk;
        _index = index;
        _rowGroup = rowGroup;
        _codes.Clear();
        _dictionary?.Release();
        _dictionary = null;
        _rowsLeftInPage = 0;
        _pendingSkip = 0;
        _rowsLeft = chunk.Values;
        try
        {
            _pages.Open(chunk);
        }
        catch (ParquetDataException defect)
        {
            throw At(defect);
        }
    }

    /// <summary>Passes over rows.</summary>
    public void Skip(long rows) => _pendingSkip += rows;

    /// <summary>The dictionary of the chunk just opened; null when it has none.</summary>
    public async ValueTask<Column?> ReadDictionaryAsync(CancellationToken cancellationToken)
    {
        _buffers.Withdraw(_idle);
        try
        {
            if (_dictionary is null && _chunk!.HasDictionary && _pages.Ordinal < 0) await NextDataPageAsync(cancellationToken);
            return _dictionary;
        }
        catch (Exception exception) when (Typed(exception) is { } typed)
        {
            throw typed;
        }
        finally
        {
            Offer();
        }
    }

    /// <summary>The next rows, or those of them that are wanted, in a column of this reader that is valid until the next call.</summary>
    public async ValueTask<Column> ReadAsync(RowSelection selection, CancellationToken cancellationToken)
    {
        _buffers.Withdraw(_idle);
        try
        {
            Empty(_codes);
            Empty(_values);
            var next = 0;
            for (var at = 0; at < selection.Rows;)
            {
                if (!selection.IsAll && (next < selection.Count ? selection.Positions.Span[next] : selection.Rows) is var until && until > at)
                {
                    Skip(until - at);
                    at = until;
                    continue;
                }
                await SeekAsync(cancellationToken);
                if (!_bodyLoaded) await LoadBodyAsync(cancellationToken);
                var take = Math.Min(selection.Rows - at, _rowsLeftInPage);
                if (selection.IsAll) AppendRows(take);
                else
                {
                    var wanted = selection.Positions.Span[next..];
                    wanted = wanted[..CountBelow(wanted, at + take)];
                    GatherRows(wanted, at, take);
                    next += wanted.Length;
                }
                Pass(take);
                RowsRead += take;
                at += take;
            }
            return _values.Length > 0 ? _values : _codes;
        }
        catch (Exception exception) when (Typed(exception) is { } typed)
        {
            throw typed;
        }
        finally
        {
            Offer();
        }
    }

    /// <summary>Where the reader stands in its chunk.</summary>
    public ReaderPlace Place => _rowsLeftInPage == 0
        ? new ReaderPlace(_pages.Position, _pages.Ordinal, _rowsLeft, _pendingSkip, RowsRead)
        : new ReaderPlace(_pages.HeaderAt, _pages.Ordinal - 1, _rowsLeft + PassedInPage, _pendingSkip + PassedInPage, RowsRead);

    /// <summary>Goes back to a place of the same chunk; what was read since is read again, and the memory of the batch is given back.</summary>
    public void ReturnTo(in ReaderPlace place)
    {
        MoveTo(place);
        RowsRead = place.RowsRead;
        _values.Trim();
        _codes.Trim();
    }

    public void Dispose()
    {
        _buffers.Withdraw(_idle);
        _pages.Dispose();
        _decoder.Release();
        _arrays.Release();
        _buffers.Return(_values);
        _buffers.Return(_codes);
        _dictionary?.Release();
    }

    void MoveTo(in ReaderPlace place)
    {
        _pages.MoveTo(place.Position, place.Page + 1);
        _rowsLeft = place.RowsLeft;
        _pendingSkip = place.PendingSkip;
        _rowsLeftInPage = 0;
        _bodyLoaded = false;
    }

    /// <summary>Long values must not keep others from being read.</summary>
    void Empty(Column column)
    {
        if (column.Held > _buffers.Account.Limit / BatchRows.Parts) column.Trim();
        else column.Clear();
    }

    void Offer()
    {
        if (_pages.HoldsBuffers) _buffers.Offer(_idle);
    }

    void DropPage()
    {
        MoveTo(Place);
        Forget();
        _pages.Drop();
    }

    /// <summary>Lets go of the page's bytes, which others may have from now on.</summary>
    void Forget()
    {
        _decoder.Forget();
        _codeDecoder = default;
        _validity.Forget();
    }

    // A full scratch space says nothing about the page.
    ParquetDataException? Typed(Exception exception) => exception is MemoryExceededException and not ScratchFullException
        ? At(new ParquetDataException(ParquetDefect.TooLarge, exception.Message, exception))
        : ParquetDataException.From(exception) is { } typed ? At(typed) : null;

    ParquetDataException At(ParquetDataException defect) => defect.At(_source.Name, _rowGroup, _column.Name, _pages.Ordinal < 0 ? null : _pages.Ordinal);

    static int CountBelow(ReadOnlySpan<int> ascending, int end)
    {
        if (ascending.Length > 0 && ascending[^1] < end) return ascending.Length;
        var at = ascending.BinarySearch(end);
        return at < 0 ? ~at : at;
    }

    void Pass(int rows)
    {
        _rowsLeftInPage -= rows;
        _rowsLeft -= rows;
        // Rows are copied out of pages, so the next column can have the buffer.
        if (_rowsLeft > 0) return;
        Forget();
        _pages.Release();
    }

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
            if (_bodyLoaded) PassOver(skip);
            else if (skip == _rowsLeftInPage) _pages.SkipBody();
            Pass(skip);
        }
    }

    async ValueTask NextDataPageAsync(CancellationToken cancellationToken)
    {
        if (_rowsLeft <= 0) throw new ParquetDataException(ParquetDefect.Corrupt, "the chunk's pages are used up before its rows");
        while (true)
        {
            if (_index is not null && _pendingSkip > 0 && (_dictionary is not null || !MayHaveDictionary)) JumpTo(_index, _chunk!.Values - _rowsLeft + _pendingSkip);
            await _pages.NextAsync(cancellationToken);
            if (_pages.Header.Kind == PageKind.Dictionary && !IsDictionaryRead) await LoadDictionaryAsync(cancellationToken);
            else if (_pages.Header.Kind == PageKind.Dictionary || _pages.Header.Kind == PageKind.Other || _pages.Header.Values == 0) _pages.SkipBody();
            else break;
        }
        var values = _pages.Header.Values;
        if (_index is { } index && _chunk!.Values - _rowsLeft is var row && index.Rows(index.PageOf(row)) is var indexed && (indexed.From != row || indexed.Rows != values))
            throw new ParquetDataException(ParquetDefect.Corrupt, $"the page counts {values} values from row {row}, the offset index {indexed.Rows} from row {indexed.From}");
        if (values > _rowsLeft) throw new ParquetDataException(ParquetDefect.Corrupt, $"the page counts {values} values, the chunk has {_rowsLeft} left");
        _rowsLeftInPage = values;
        _bodyLoaded = false;
    }

    int PassedInPage => _pages.Header.Values - _rowsLeftInPage;

    // A reader that goes back may meet it again.
    bool IsDictionaryRead => _dictionary is not null && _pages.HeaderAt == _dictionaryAt;

    // Some footers don't name the dictionary page; then it is what the offset index has no place for.
    bool MayHaveDictionary => _chunk!.HasDictionary || _index is not null && _index[0].Bytes.Offset > _chunk.Offset;

    // Past whole pages before the row, without a look at their headers.
    void JumpTo(OffsetIndex index, long row)
    {
        var page = index.PageOf(Math.Min(row, _chunk!.Values - 1));
        var skipped = index[page].FirstRow - (_chunk.Values - _rowsLeft);
        if (skipped <= 0) return;
        _pages.MoveTo(index[page].Bytes.Offset, page + (MayHaveDictionary ? 1 : 0));
        _pendingSkip -= skipped;
        _rowsLeft -= skipped;
    }

    async ValueTask LoadDictionaryAsync(CancellationToken cancellationToken)
    {
        if (_dictionary is not null) throw new ParquetDataException(ParquetDefect.Corrupt, "a second dictionary page");
        var header = _pages.Header;
        if (header.Encoding is not (Encoding.Plain or Encoding.PlainDictionary)) throw new ParquetDataException(ParquetDefect.Corrupt, $"a dictionary in encoding {header.Encoding}");
        var type = _column.Type!.Value;
        var width = type.Lane == Lane.Bytes ? 0 : type.Width;
        var data = await _pages.ReadBodyAsync(width == 0 ? header.UncompressedSize : Math.Min(header.Values, header.UncompressedSize * 8L) * width, cancellationToken);
        // A value takes at least a bit, so a forged count cannot ask for more memory than the page justifies.
        if (header.Values > data.Length * 8L) throw new ParquetDataException(ParquetDefect.Corrupt, $"a dictionary of {header.Values} values in {data.Length} bytes");
        var dictionary = Column.Create(type, _buffers.Account);
        try
        {
            _decoder.Start(Encoding.Plain, data, header.Values);
            if (header.Values > 0) _decoder.Append(header.Values, dictionary);
        }
        catch
        {
            dictionary.Release();
            throw;
        }
        (_dictionary, _dictionaryAt) = (dictionary, _pages.HeaderAt);
    }

    async ValueTask LoadBodyAsync(CancellationToken cancellationToken)
    {
        var header = _pages.Header;
        var decoded = _column.Type!.Value.Lane == Lane.Bytes ? header.UncompressedSize / (header.Values / BatchRows.Least + 1L) : BatchRows.Least * (long)_column.Type.Value.Width;
        var page = await _pages.ReadBodyAsync(decoded, cancellationToken);
        page = _validity.Start(header, page, _column.IsOptional);
        _isCoded = header.Encoding is Encoding.PlainDictionary or Encoding.RleDictionary;
        if (_isCoded)
        {
            // A page of nulls alone may have no bytes at all.
            _codeDecoder = page.Length == 0 ? new RleBitPackedDecoder(page, 0) : new RleBitPackedDecoder(page[1..], page.Span[0]);
        }
        else _decoder.Start(header.Encoding, page, header.Values);
        _bodyLoaded = true;
        PassOver(PassedInPage);
    }

    void AppendRows(int rows)
    {
        var target = TargetFor();
        var values = _validity.Take(rows);
        AppendValues(values, target);
        if (values < rows) target.Spread(rows, _validity.Bits);
    }

    void GatherRows(ReadOnlySpan<int> positions, int start, int rows)
    {
        var target = TargetFor();
        var values = _validity.Take(rows);
        if (values == rows)
        {
            GatherValues(positions, start, rows, target);
            return;
        }
        var valuePositions = _validity.Rank(positions, start, out var validity);
        GatherValues(valuePositions, 0, values, target);
        target.Spread(positions.Length, validity);
    }

    void PassOver(int rows)
    {
        for (; rows > 0; rows -= Math.Min(rows, Stretch))
        {
            var values = _validity.Take(Math.Min(rows, Stretch));
            if (_isCoded) _codeDecoder.Skip(values);
            else _decoder.Skip(values);
        }
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
        if (!_isCoded)
        {
            _decoder.Append(count, target);
            return;
        }
        var codes = target == _codes ? _codes.AppendSpan(count) : LooseCodes(count);
        _codeDecoder.Decode(codes);
        FinishCodes(codes, target);
    }

    void GatherValues(ReadOnlySpan<int> positions, int start, int count, Column target)
    {
        if (!_isCoded)
        {
            _decoder.Gather(positions, start, count, target);
            return;
        }
        var codes = target == _codes ? _codes.AppendSpan(positions.Length) : LooseCodes(positions.Length);
        _codeDecoder.Gather(positions, start, count, codes);
        FinishCodes(codes, target);
    }

    // Only met where a chunk falls back to plain pages inside one batch.
    Span<int> LooseCodes(int count)
    {
        _arrays.Renew(ref _looseCodes, count);
        return _looseCodes.AsSpan(0, count);
    }

    void FinishCodes(Span<int> codes, Column target)
    {
        var size = (uint)(_dictionary?.Length ?? 0);
        if (codes.Length > 0 && Largest(codes) is var largest && largest >= size)
            throw new ParquetDataException(ParquetDefect.Corrupt, $"a dictionary code of {largest} for a dictionary of {size} values");
        if (target != _codes) target.AppendFrom(_dictionary!, codes);
    }

    static uint Largest(ReadOnlySpan<int> codes)
    {
        var all = Vector<uint>.Zero;
        uint largest = 0;
        for (; codes.Length >= Vector<uint>.Count; codes = codes[Vector<uint>.Count..]) all = Vector.Max(all, Vector.AsVectorUInt32(new Vector<int>(codes)));
        for (var i = 0; i < Vector<uint>.Count; i++) largest = Math.Max(largest, all[i]);
        foreach (var code in codes) largest = Math.Max(largest, (uint)code);
        return largest;
    }
}

/// <summary>A place of a <see cref="ColumnChunkReader"/> in its chunk, at the beginning of a page.</summary>
/// <param name="Page">The ordinal of the page before; −1 before the first.</param>
/// <param name="PendingSkip">Rows from there to the place.</param>
readonly record struct ReaderPlace(long Position, int Page, long RowsLeft, long PendingSkip, long RowsRead);
