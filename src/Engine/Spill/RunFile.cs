using System.Runtime.InteropServices;
using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Spill;

/// <summary>
/// Rows in a scratch file, in frames that are written and read whole: the number of rows, then for each column its nulls, if it has any, and its values as they
/// lie in memory. Only the process that wrote it reads it.
/// </summary>
sealed class RunFile(ScratchFile file) : IDisposable
{
    const byte AllValid = 0;
    const byte SomeNull = 1;

    public long Rows { get; private set; }

    /// <summary>Of the largest frame.</summary>
    public long FrameBytes { get; private set; }

    public long Bytes => file.Length;

    /// <summary>Appends a frame of plain columns of equal length.</summary>
    public void Write(IReadOnlyList<Column> columns)
    {
        var rows = columns[0].Length;
        if (rows == 0) return;
        var start = file.Length;
        Write(rows);
        foreach (var column in columns)
        {
            file.Append([column.HasNulls ? SomeNull : AllValid]);
            if (column.HasNulls) file.Append(MemoryMarshal.AsBytes(column.Validity));
            if (column is BytesColumn strings)
            {
                file.Append(MemoryMarshal.AsBytes(strings.Offsets));
                file.Append(strings.Data);
            }
            else file.Append(FixedBytes.Of(column));
        }
        Rows += rows;
        FrameBytes = Math.Max(FrameBytes, file.Length - start);
    }

    /// <summary>Ends the writing.</summary>
    public void Complete() => file.Complete();

    public void Dispose() => file.Dispose();

    void Write(int number) => file.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in number)));

    /// <summary>Reads a run, frame after frame.</summary>
    /// <param name="columns">Filled with each frame; the reader's as long as it is read.</param>
    public sealed class Reader(RunFile run, ScratchFile file, IReadOnlyList<Column> columns)
    {
        ulong[] _validity = [];
        int[] _offsets = [];
        long _position;
        long _rowsLeft = run.Rows;

        public IReadOnlyList<Column> Columns => columns;

        /// <summary>False at the end.</summary>
        public bool Next()
        {
            foreach (var column in columns) column.Clear();
            if (_rowsLeft == 0) return false;
            var rows = Read<int>();
            foreach (var column in columns) Fill(column, rows);
            _rowsLeft -= rows;
            return true;
        }

        void Fill(Column column, int rows)
        {
            var hasNulls = Read<byte>() == SomeNull;
            var validity = hasNulls ? Buffer(ref _validity, Bitmap.WordsFor(rows)) : default;
            Read(MemoryMarshal.AsBytes(validity));
            if (column is BytesColumn strings)
            {
                var offsets = Buffer(ref _offsets, rows + 1);
                Read(MemoryMarshal.AsBytes(offsets));
                Read(strings.AppendSpans(offsets));
            }
            else Read(FixedBytes.Append(column, rows));
            if (hasNulls) column.Mask(validity);
        }

        static Span<T> Buffer<T>(ref T[] buffer, int length)
        {
            if (buffer.Length < length) buffer = new T[length];
            return buffer.AsSpan(0, length);
        }

        T Read<T>() where T : unmanaged
        {
            T value = default;
            Read(MemoryMarshal.AsBytes(new Span<T>(ref value)));
            return value;
        }

        void Read(Span<byte> target)
        {
            file.Read(_position, target);
            _position += target.Length;
        }
    }

    public Reader Read(IReadOnlyList<Column> columns) => new(this, file, columns);
}
