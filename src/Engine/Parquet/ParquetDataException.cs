namespace Fanfold.Engine.Parquet;

/// <summary>Why a file, or a part of it, can't be read. The names are stable: they appear in errors and in <c>inspect --json</c>.</summary>
public enum ParquetDefect
{
    /// <summary>No Parquet magic at the start or the end.</summary>
    NotParquet,
    /// <summary>Bytes that the metadata promises are not there.</summary>
    Truncated,
    /// <summary>The bytes contradict the format or each other.</summary>
    Corrupt,
    /// <summary>Valid, but of a kind that is not read: a nested column in use, an unknown codec or encoding.</summary>
    Unsupported,
    /// <summary>Parquet modular encryption.</summary>
    Encrypted,
    /// <summary>Larger than the limits for pages, footers or memory.</summary>
    TooLarge,
}

/// <summary>The one error of reading: any defect of a file, with the place it was met at and what to do.</summary>
public sealed class ParquetDataException : Exception
{
    public ParquetDataException(ParquetDefect defect, string cause, Exception? inner = null) : base(cause, inner)
    {
        Defect = defect;
        Cause = cause;
    }

    ParquetDataException(ParquetDataException source, string? file, int? rowGroup, string? column, int? page)
        : base(Describe(source, file, rowGroup, column, page), source.InnerException)
    {
        Defect = source.Defect;
        Cause = source.Cause;
        File = file;
        RowGroup = rowGroup;
        Column = column;
        Page = page;
    }

    public ParquetDefect Defect { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Cause { get; }

    public string? File { get; }
    public int? RowGroup { get; }
    public string? Column { get; }

    /// <summary>The page's ordinal in its column chunk, dictionary page included.</summary>
    public int? Page { get; }

    /// <summary>The same defect with its place filled in; parts already known stay.</summary>
    public ParquetDataException At(string? file = null, int? rowGroup = null, string? column = null, int? page = null) =>
        new(this, File ?? file, RowGroup ?? rowGroup, Column ?? column, Page ?? page);

    /// <summary>
    /// Any failure met while interpreting bytes, as this type. Cancellation, memory and I/O failures are not the data's and pass unchanged.
    /// </summary>
    internal static ParquetDataException? From(Exception exception) => exception switch
    {
        ParquetDataException typed => typed,
        IndexOutOfRangeException or ArgumentException or OverflowException or InvalidDataException or FormatException
            or ArithmeticException or NotSupportedException or ZstdSharp.ZstdException or InvalidOperationException
            => new ParquetDataException(ParquetDefect.Corrupt, $"the bytes can't be decoded ({exception.GetType().Name}: {exception.Message})", exception),
        _ => null,
    };

    static string Describe(ParquetDataException source, string? file, int? rowGroup, string? column, int? page)
    {
        var place = new List<string>(4);
        if (column is not null) place.Add($"column '{column}'");
        if (file is not null) place.Add($"file '{file}'");
        if (rowGroup is not null) place.Add($"row group {rowGroup}");
        if (page is not null) place.Add($"page {page}");
        return $"{string.Join(", ", place)}: {source.Cause}{Hint(source.Defect)}";
    }

    static string Hint(ParquetDefect defect) => defect switch
    {
        ParquetDefect.NotParquet => " (is it a Parquet file? exclude others with \"source.exclude\")",
        ParquetDefect.Truncated => " (truncated upload? write the file again)",
        ParquetDefect.Corrupt => " (damaged file? write it again from its source)",
        ParquetDefect.Encrypted => " (encrypted Parquet is not read; decrypt the file first)",
        ParquetDefect.TooLarge => " (rewrite the file with smaller pages or row groups, or raise \"limits.memory\")",
        _ => "",
    };
}
