using Fanfold.LocalHost.Verbs;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Verbs;

/// <summary>The first rows of CSV, and no more of it than they take.</summary>
public class ResultPreviewTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a,b\r\n1,2\r\n", "a|b;1|2")]
    [InlineData("a\n\"x,\"\"y\"\"\nz\"\n\n", "a;x,\"y\"\nz;")]
    [InlineData("a,b\n\"\",\"\"\"\"\n,\n", "a|b;|\";|")]
    [InlineData("", "")]
    public async Task Read_AnyQuoting_GivesTheValues(string csv, string expected)
    {
        var records = await ResultPreview.ReadAsync(new StringReader(csv), 10, Cancellation);
        Assert.Equal(expected, string.Join(';', records.Select(record => string.Join('|', record))));
    }

    [Fact]
    public async Task Read_LongValue_IsCutOff() =>
        Assert.Equal(201, Assert.Single(await ResultPreview.ReadAsync(new StringReader($"{new string('x', 100_000)}\n"), 1, Cancellation))[0].Length);

    [Fact]
    public async Task Print_OfEndlessRows_StopsAfterTheFirst()
    {
        Assert.Equal(LocalHost.ExitCode.Succeeded, await ResultPreview.PrintAsync(3, async (csv, token) =>
        {
            await csv.WriteAsync("a\n"u8.ToArray(), token);
            while (true) await csv.WriteAsync("1\n"u8.ToArray(), token);
        }, Cancellation));
    }

    [Fact]
    public async Task Print_OfARefusal_IsThat() =>
        Assert.Equal(LocalHost.ExitCode.NotFound, await ResultPreview.PrintAsync(3, (_, _) => Task.FromResult<IReadOnlyList<RunError>?>([new RunError("run-not-found", "There is none.")]), Cancellation));
}
