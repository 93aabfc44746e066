namespace Fanfold.Engine.Parquet;

/// <summary>
/// Reads of ranges that will be needed, started before they are: ranges near each other in one read of at most <see cref="MaxRead"/>. Not
/// asking for them later costs their bytes and no more.
/// </summary>
/// <remarks>Not for concurrent use, though its reads overlap with their user and each other.</remarks>
sealed class ReadAhead(IByteSource source, Buffers buffers) : IAsyncDisposable
{
    const int MaxRead = 8 << 20;

    /// <summary>Bytes between two ranges that are read along, since another request costs more.</summary>
    const int MaxGap = 128 << 10;

    readonly List<Segment> _segments = [];

    /// <summary>The most that may be held together: an eighth of all memory, so that decoding keeps the rest.</summary>
    public long Budget { get; } = Math.Min(64 << 20, buffers.Account.Limit / 8);

    public long Held { get; private set; }

    /// <summary>Starts reading the ranges that fit the budget, in the file's order; the others are left to be read when they are needed.</summary>
    /// <returns>What <see cref="ReleaseAsync"/> takes back.</returns>
    public object Start(IEnumerable<ByteRange> ranges, CancellationToken cancellationToken)
    {
        var token = new object();
        ByteRange? pending = null;
        foreach (var range in ranges.Where(range => range.Length is > 0 and <= MaxRead).OrderBy(range => range.Offset))
        {
            if (pending is { } open && range.Offset - open.End <= MaxGap && Math.Max(range.End, open.End) - open.Offset <= MaxRead)
            {
                pending = open with { Length = Math.Max(range.End, open.End) - open.Offset };
                continue;
            }
            if (pending is { } done) Read(done, token, cancellationToken);
            pending = range;
        }
        if (pending is { } last) Read(last, token, cancellationToken);
        return token;
    }

    /// <summary>The bytes from <paramref name="position"/> on, at least <paramref name="length"/> of them, if they were read ahead; valid until they are released.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> FindAsync(long position, int length, CancellationToken cancellationToken)
    {
        foreach (var segment in _segments)
        {
            if (position < segment.Range.Offset || position + length > segment.Range.End || !TryLoad(segment, cancellationToken)) continue;
            await segment.Loaded!;
            var start = (int)(position - segment.Range.Offset);
            return segment.Buffer.AsMemory(start, (int)segment.Range.Length - start);
        }
        return default;
    }

    /// <summary>Gives up what one <see cref="Start"/> read.</summary>
    public async ValueTask ReleaseAsync(object token)
    {
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            var segment = _segments[i];
            if (segment.Token != token) continue;
            _segments.RemoveAt(i);
            // The buffer is the read's until it ends; its failure matters to those only who needed the bytes.
            if (segment.Loaded is not { } loaded) continue;
            await loaded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            buffers.Return(segment.Buffer);
            Held -= segment.Buffer.Length;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_segments.Count > 0) await ReleaseAsync(_segments[^1].Token);
    }

    // Where the system fetches by itself, a buffer is only taken when its turn has come.
    void Read(ByteRange range, object token, CancellationToken cancellationToken)
    {
        var segment = new Segment(range, token);
        if (source.WillNeed(range.Offset, range.Length) || TryLoad(segment, cancellationToken)) _segments.Add(segment);
    }

    bool TryLoad(Segment segment, CancellationToken cancellationToken)
    {
        if (segment.Loaded is not null) return true;
        var length = (int)segment.Range.Length;
        if (Held + length > Budget || !buffers.TryRent(length, out var buffer)) return false;
        Held += buffer.Length;
        segment.Buffer = buffer;
        segment.Loaded = LoadAsync(segment, cancellationToken);
        return true;
    }

    // So that what the source throws at once is the segment's failure too, and its buffer is given back.
    async Task LoadAsync(Segment segment, CancellationToken cancellationToken) =>
        await source.ReadAsync(segment.Range.Offset, segment.Buffer.AsMemory(0, (int)segment.Range.Length), cancellationToken);

    sealed class Segment(ByteRange range, object token)
    {
        public ByteRange Range => range;

        public object Token => token;

        public byte[] Buffer { get; set; } = [];

        /// <summary>Null before the read has begun.</summary>
        public Task? Loaded { get; set; }
    }
}
