using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>
/// The three-valued truth of a run of rows, as two bitmaps: which rows are true, and which are known (true or false). A
/// true row is always known, and bits past the rows are zero. The known bits are only kept on request, since a filter
/// asks for true rows alone and negations are already pushed down to the leaves.
/// </summary>
sealed class Truth(ChargedArrays arrays)
{
    ulong[] _true = [];
    ulong[] _known = [];

    public int Rows { get; private set; }

    public bool TracksKnown { get; private set; }

    /// <summary>The true rows.</summary>
    public Span<ulong> True => _true.AsSpan(0, Bitmap.WordsFor(Rows));

    /// <summary>The known rows; only meaningful when <see cref="TracksKnown"/> and not <see cref="AllKnown"/>.</summary>
    public Span<ulong> Known => _known.AsSpan(0, Bitmap.WordsFor(Rows));

    /// <summary>Whether every row is known; then <see cref="Known"/> isn't filled.</summary>
    public bool AllKnown { get; set; }

    /// <summary>Makes room for rows, whose bits are unspecified until they are written.</summary>
    public void Reset(int rows, bool tracksKnown)
    {
        var words = Bitmap.WordsFor(rows);
        arrays.Renew(ref _true, words);
        if (tracksKnown) arrays.Renew(ref _known, words);
        Rows = rows;
        TracksKnown = tracksKnown;
        AllKnown = false;
    }

    /// <summary>Gives every row the same truth; null is unknown.</summary>
    public void Fill(bool? truth)
    {
        True.Clear();
        if (truth == true) Bitmap.SetRange(_true, 0, Rows);
        AllKnown = truth is not null;
        if (truth is null && TracksKnown) Known.Clear();
    }

    /// <summary>Replaces each true bit by its opposite, unknown rows included: <see cref="KnowWhere(Column)"/> must follow.</summary>
    public void Flip()
    {
        var words = True;
        foreach (ref var word in words) word = ~word;
        if ((Rows & 63) != 0) words[^1] &= (1UL << (Rows & 63)) - 1;
    }

    /// <summary>Makes the rows known where the column has values, and unknown elsewhere.</summary>
    public void KnowWhere(Column column)
    {
        AllKnown = !column.HasNulls;
        if (column.HasNulls) KnowOnly(column.Validity);
    }

    /// <summary>Makes the rows known where both columns have values, and unknown elsewhere.</summary>
    public void KnowWhere(Column first, Column second)
    {
        KnowWhere(first);
        if (!second.HasNulls) return;
        var known = TracksKnown && !AllKnown ? Known : [];
        AllKnown = false;
        if (known.IsEmpty)
        {
            KnowOnly(second.Validity);
            return;
        }
        var validity = second.Validity;
        for (var i = 0; i < known.Length; i++) known[i] &= validity[i];
        MaskTrue(validity);
    }

    /// <summary>Makes known only what is true: a list with a null in it never proves absence.</summary>
    public void ForgetFalse()
    {
        AllKnown = false;
        if (TracksKnown) True.CopyTo(Known);
    }

    public void And(Truth other)
    {
        var left = True;
        var right = other.True;
        if (TracksKnown && !(AllKnown && other.AllKnown))
        {
            MaterializeKnown();
            other.MaterializeKnown();
            var known = Known;
            var otherKnown = other.Known;
            for (var i = 0; i < known.Length; i++)
                known[i] = known[i] & otherKnown[i] | known[i] & ~left[i] | otherKnown[i] & ~right[i];
        }
        for (var i = 0; i < left.Length; i++) left[i] &= right[i];
    }

    public void Or(Truth other)
    {
        var left = True;
        var right = other.True;
        if (TracksKnown && !(AllKnown && other.AllKnown))
        {
            MaterializeKnown();
            other.MaterializeKnown();
            var known = Known;
            var otherKnown = other.Known;
            for (var i = 0; i < known.Length; i++) known[i] = known[i] & otherKnown[i] | left[i] | right[i];
        }
        for (var i = 0; i < left.Length; i++) left[i] |= right[i];
    }

    /// <summary>Fills <see cref="Known"/> where only <see cref="AllKnown"/> said so.</summary>
    public void MaterializeKnown()
    {
        if (!AllKnown) return;
        Known.Clear();
        Bitmap.SetRange(_known, 0, Rows);
        AllKnown = false;
    }

    void KnowOnly(ReadOnlySpan<ulong> validity)
    {
        MaskTrue(validity);
        if (TracksKnown) validity.CopyTo(Known);
    }

    void MaskTrue(ReadOnlySpan<ulong> mask)
    {
        var words = True;
        for (var i = 0; i < words.Length; i++) words[i] &= mask[i];
    }
}
