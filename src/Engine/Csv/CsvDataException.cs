namespace Fanfold.Engine.Csv;

/// <summary>A CSV file is not what <see cref="CsvFileWriter"/> writes for its columns. The message names line and column.</summary>
public sealed class CsvDataException(string message) : Exception(message);
