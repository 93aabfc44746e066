using System.Text;
using CsCheck;
using Fanfold.Engine.Columns;
using Fanfold.Engine.Csv;

namespace Fanfold.Engine.Tests.Csv;

public class CsvFileReaderTests
{
    static readonly Schema Two = new([new Field("a", DataType.Int64), new Field("b", DataType.String)]);

    static byte[] Write(Table table)
    {
        using var output = new MemoryStream();
        var writer = new CsvFileWriter(table.Schema, output);
        writer.Write(table.Columns);
        writer.Complete();
        return output.ToArray();
    }

    static async Task<List<Scalar[]>> ReadAsync(Schema schema, byte[] file, int batchRows = 100, MemoryAccount? account = null)
    {
        account ??= new MemoryAccount(1 << 26);
        using var input = new MemoryStream(file);
        var rows = new List<Scalar[]>();
        using (var reader = new CsvFileReader(schema, input, account))
        {
            await foreach (var batch in reader.ReadAsync(batchRows, TestContext.Current.CancellationToken))
            {
                Assert.InRange(batch.Rows, 1, batchRows);
                for (var row = 0; row < batch.Rows; row++) rows.Add([.. batch.Columns.Select(column => column[row])]);
            }
        }
        Assert.Equal(0, account.Held);
        return rows;
    }

    [Fact]
    public void Read_WhatWasWritten_GivesTheSameValues() => Tables.WithTypes(Tables.AllTypes, 60, extreme: false).Sample(table =>
    {
        var rows = ReadAsync(table.Schema, Write(table), 7).GetAwaiter().GetResult();
        Assert.Equal(table.Rows, rows.Count);
        for (var i = 0; i < table.Columns.Length; i++)
            for (var row = 0; row < table.Rows; row++) Assert.Equal(table.Columns[i][row], rows[row][i]);
    }, iter: Soak.Cases(30), threads: 1);

    [Theory]
    [InlineData(64 * 1024 - 4)]
    [InlineData(64 * 1024)]
    [InlineData(1 << 20)]
    public async Task Read_LongText_IsWhole(int length)
    {
        var text = string.Concat(Enumerable.Range(0, length / 8).Select(i => i % 5 == 0 ? "\"quoted\"" : "abcdefg\n"));
        var rows = await ReadAsync(Two, Encoding.UTF8.GetBytes($"a,b\n1,\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n2,end\n"));
        Assert.Equal([text, "end"], rows.Select(row => row[1].ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,c\n")]
    [InlineData("a,b\n1")]
    [InlineData("a,b\n1\n")]
    [InlineData("a,b\n1,x,y\n")]
    [InlineData("a,b\nx,y\n")]
    [InlineData("a,b\n9223372036854775808,y\n")]
    [InlineData("a,b\n1,\"open\n")]
    [InlineData("a,b\n1,\"shut\"x\n")]
    public Task Read_AnythingElse_IsRefused(string text) => Assert.ThrowsAsync<CsvDataException>(() => ReadAsync(Two, Encoding.UTF8.GetBytes(text)));

    [Fact]
    public Task Read_RowWiderThanTheAccount_IsRefused() =>
        Assert.ThrowsAsync<MemoryExceededException>(() => ReadAsync(Two, Encoding.UTF8.GetBytes($"a,b\n1,{new string('x', 1 << 21)}\n"), account: new MemoryAccount(1 << 20)));
}
