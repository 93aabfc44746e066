using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Storage;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Planning;

public class SourceColumnsTests
{
    [Fact]
    public void Find_StoredNarrowerMissingAndKey_EachFileHasItsWay()
    {
        var column = Find(MissingColumn.Null, File("a", "x:int32"), File("b", "x:int64"), File("x=7/c"), File("x=__HIVE_DEFAULT_PARTITION__/d"), File("e", "y:int32"));

        Assert.Equal(DataType.Int64, column.Field.Type);
        Assert.Equal(["widened", "stored", "7", "null", "null"], column.Files.Select(file => file.Stored is null ? file.Constant.ToString() : file.IsWidened ? "widened" : "stored"));
        Assert.All(column.Files, file => Assert.Equal(DataType.Int64, file.Type));
    }

    [Theory]
    [InlineData("string", "x=7/a;", "b;x:string")]
    [InlineData("date", "x=2024-01-31/a;", "b;x:date")]
    [InlineData("decimal(20,0)", "x=-7/a;", "b;x:uint64")]
    [InlineData("int16", "x=__HIVE_DEFAULT_PARTITION__/a;", "b;x:int16")]
    [InlineData("int32", "x=7/a;x:int32:7:7", "x=008/b;x:int32:8:8")]
    [InlineData("int32", "x=7/a;x:int32:3:9", "x=north/b;x:int32")]
    [InlineData("decimal(9,2)", "x=1.5/a;x:decimal(9,2):150:150")]
    public void Find_KeyBesideStoredColumns_TakesPartInTheirType(string type, params string[] files) =>
        Assert.Equal(type, Find(MissingColumn.Error, Files(files)).Field.Type.ToString());

    [Theory]
    [InlineData("missing-column", "lake/b", "a;x:int32", "b;X:int32")]
    [InlineData("missing-column", "lake/b", "x=1/a;", "b;y:int32")]
    [InlineData("unknown-column", null, "a;X:int32", "b;y:int32")]
    [InlineData("column-types-differ", "lake/c", "a;x:int32", "b;x:int32", "c;x:string")]
    [InlineData("column-types-differ", "lake/b", "a;x:int64", "b;x:double")]
    [InlineData("column-types-differ", "lake/b", "a;x:timestamp(us)", "b;x:timestamp(us,utc)")]
    [InlineData("column-types-differ", "lake/x=north/b", "a;x:int32", "c;x:int32", "x=north/b;")]
    [InlineData("column-types-differ", "lake/x=2024-01-01/b", "a;x:timestamp(us)", "c;x:timestamp(us)", "x=2024-01-01/b;")]
    [InlineData("ambiguous-path-key", "lake/x=1/x=2/a", "x=1/x=2/a;")]
    [InlineData("invalid-path-key", "lake/x=%FF/a", "x=%FF/a;")]
    [InlineData("nested-column", "lake/b", "a;x:int32", "b;x.y:int32")]
    [InlineData("path-key-contradicts", "lake/x=7/a", "x=7/a;x:int32:8:9")]
    [InlineData("path-key-contradicts", "lake/x=north/a", "x=north/a;x:int32:8:9")]
    [InlineData("path-key-contradicts", "lake/x=__HIVE_DEFAULT_PARTITION__/a", "x=__HIVE_DEFAULT_PARTITION__/a;x:int32:8:9")]
    public void Find_FilesThatDoNotFit_AreNamed(string code, string? file, params string[] files)
    {
        var errors = new List<RunError>();

        Assert.Null(new SourceColumns(Files(files), MissingColumn.Error, []).Find(new ColumnUse("x", "/where"), errors));

        var error = Assert.Single(errors);
        Assert.Equal((code, file), (error.Code, error.File));
        if (file is not null) Assert.Contains($"'{file}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(code is "unknown-column" or "nested-column" ? "/where" : null, error.Pointer);
    }

    [Theory]
    [InlineData("unknown-column", "a;X:int32", "b;y:int32")]
    [InlineData("nested-column", "a;x:int32", "b;x.y:int32")]
    public void Find_NoNullsToRead_IsRefusedAlsoWhereMissingColumnsAreNull(string code, params string[] files)
    {
        var errors = new List<RunError>();

        Assert.Null(new SourceColumns(Files(files), MissingColumn.Null, []).Find(new ColumnUse("x", "/where"), errors));

        Assert.Equal(code, Assert.Single(errors).Code);
    }

    static SourceColumn Find(MissingColumn onMissing, params SourceFile[] files)
    {
        var errors = new List<RunError>();
        var column = new SourceColumns(files, onMissing, []).Find(new ColumnUse("x", "/where"), errors);
        Assert.Empty(errors);
        return column!;
    }

    /// <summary>Files as <c>path;name:type[:min:max];…</c>; a name with a dot is nested. Bounds are of int32.</summary>
    internal static SourceFile[] Files(string[] files) => [.. files.Select(file => File(file.Split(';')[0], file.Split(';', StringSplitOptions.RemoveEmptyEntries)[1..]))];

    static SourceFile File(string path, params string[] columns)
    {
        var parsed = columns.Select((column, i) => (Parts: column.Split(':'), Ordinal: i)).Select(column => (column.Parts, Column: new ParquetColumn(
            column.Ordinal, column.Parts[0], column.Parts[0].Split('.')[0], PhysicalType.Int32, 0, !column.Parts[0].Contains('.'), true, DataType.Parse(column.Parts[1]), null, true, false))).ToList();
        var chunks = parsed.Select(column => new ColumnChunk(CompressionCodec.Zstd, 4, 10, 10, 5, false, null, Bound(column.Parts, 2), Bound(column.Parts, 3), false, null));
        return new SourceFile(new ObjectProperties("lake/" + path, 100, "e"), new FileMetadata([.. parsed.Select(column => column.Column)], [new RowGroup(0, 5, [.. chunks])], 5, 90, null, new Dictionary<string, string?>()),
            PathKeys.Of("lake", "lake/" + path));

        static byte[]? Bound(string[] parts, int at) => parts.Length > at ? BitConverter.GetBytes(int.Parse(parts[at], System.Globalization.CultureInfo.InvariantCulture)) : null;
    }
}
