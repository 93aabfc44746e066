using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Fanfold.Functions.Tests;

/// <summary>Answers that no handler of the API gives.</summary>
public class AnswerTests
{
    [Fact]
    public async Task HostThatEnds_SaysToComeBack_AndLeavesTheRequestAsItWas()
    {
        var (world, http) = (new World(), new DefaultHttpContext());
        using var ending = new CancellationTokenSource();
        await ending.CancelAsync();
        var answer = await world.App.AnswerAsync(http.Request, world.Durable, _ => Task.FromException<IResult>(new OperationCanceledException(http.RequestAborted)), ending.Token);
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, Assert.IsType<StatusCodeResult>(answer).StatusCode);
        Assert.Equal("10", http.Response.Headers.RetryAfter);
        Assert.False(http.RequestAborted.IsCancellationRequested);
    }

    [Fact]
    public async Task Defect_IsAProblemWithoutItsMessage()
    {
        var (world, http) = (new World(), new DefaultHttpContext());
        using var body = new MemoryStream();
        http.Response.Body = body;
        await world.App.AnswerAsync(http.Request, world.Durable, _ => throw new InvalidOperationException("AccountKey=c2VjcmV0a2V5"), TestContext.Current.CancellationToken);
        var said = System.Text.Encoding.UTF8.GetString(body.ToArray());
        Assert.Equal((StatusCodes.Status500InternalServerError, "application/problem+json"), (http.Response.StatusCode, http.Response.ContentType));
        Assert.Contains("\"code\":\"bug\"", said, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0a2V5", said, StringComparison.Ordinal);
    }
}
