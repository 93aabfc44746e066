using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Parquet;

/// <summary>
/// How many rows the batches of a row group have: fewer where rows are wide, so that the columns of one leave most of the account to others. Where that
/// was too many, since some rows are much wider than most, fewer still for a while.
/// </summary>
sealed class BatchRows(MemoryAccount account)
{
    public const int Most = 8192;

    /// <summary>Rows that a batch has wherever memory allows it.</summary>
    public const int Least = 64;

    /// <summary>Batches after which it is tried with more rows again.</summary>
    const int Probation = 16;

    /// <summary>A batch takes about one part of the account out of so many.</summary>
    public const int Parts = 8;

    int _planned = Most;
    int _passed;
    bool _isLastTry;

    public int Count { get; private set; } = Most;

    /// <summary>Begins a row group.</summary>
    /// <param name="rowBytes">As <see cref="BytesOf"/> gives them for its columns.</param>
    public void Plan(long rowBytes, int most = Most)
    {
        Count = _planned = (int)Math.Clamp(account.Limit / Parts / Math.Max(1, rowBytes), Math.Min(Least, most), most);
        _passed = 0;
        _isLastTry = false;
    }

    /// <summary>Whether a batch failed that may be tried once more with fewer rows, which <see cref="Count"/> then has, and with what all columns held given back.</summary>
    public bool Shrinks(Exception exception)
    {
        // Smaller batches make a full scratch space no emptier.
        if (_isLastTry || exception is ScratchFullException or not (MemoryExceededException or ParquetDataException { InnerException: MemoryExceededException })) return false;
        _isLastTry = Count == 1;
        Count = Math.Max(1, Count / 2);
        _passed = 0;
        return true;
    }

    /// <summary>Takes note of a batch that had room.</summary>
    public void Passed()
    {
        _isLastTry = false;
        if (Count == _planned || ++_passed < Probation) return;
        Count = Math.Min(_planned, Count * 2);
        _passed = 0;
    }

    /// <summary>What a row of a column takes in a batch, on average; dictionary-coded strings come as codes.</summary>
    public static long BytesOf(ColumnChunk chunk, DataType type) =>
        type.Width + (type.Lane != Lane.Bytes || chunk.IsDictionaryEncoded ? 0 : chunk.UncompressedSize / Math.Max(1, chunk.Values));
}
