using System.Net;
using Fanfold.Client;
using Fanfold.LocalHost;

namespace Fanfold.Workflow.Tests.Clients;

/// <summary>What a host refuses ends the command with the exit code that the same refusal has on this machine.</summary>
public sealed class RemoteErrorTests
{
    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, null, ExitCode.AccessDenied)]
    [InlineData(HttpStatusCode.Forbidden, null, ExitCode.AccessDenied)]
    [InlineData(HttpStatusCode.ServiceUnavailable, null, ExitCode.StorageUnreachable)]
    [InlineData(HttpStatusCode.BadGateway, null, ExitCode.StorageUnreachable)]
    [InlineData(HttpStatusCode.TooManyRequests, null, ExitCode.StorageUnreachable)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "storage-unreachable", ExitCode.StorageUnreachable)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "access-denied", ExitCode.AccessDenied)]
    [InlineData(HttpStatusCode.NotFound, "run-not-found", ExitCode.NotFound)]
    [InlineData(HttpStatusCode.Conflict, "run-id-conflict", ExitCode.Conflict)]
    [InlineData(HttpStatusCode.Conflict, "run-finished", ExitCode.Conflict)]
    [InlineData(HttpStatusCode.Conflict, "no-result", ExitCode.NotFound)]
    [InlineData(HttpStatusCode.Gone, "result-replaced", ExitCode.NotFound)]
    [InlineData(HttpStatusCode.BadRequest, "invalid-query", ExitCode.Usage)]
    [InlineData(HttpStatusCode.InternalServerError, "bug", ExitCode.Failed)]
    [InlineData(HttpStatusCode.NotFound, null, ExitCode.Failed)]
    public void Refusal_OfAHost_HasItsExitCode(HttpStatusCode status, string? code, int exitCode) =>
        Assert.Equal(exitCode, ExitCode.Of(RemoteRecord.Errors(new RunsApiException(status, new Problem(null, null, code, null, null, "t1", null), null))));

    [Fact]
    public void Refusal_OfASpec_IsAFaultOfTheCall() => Assert.Equal(ExitCode.Usage, ExitCode.Of(RemoteRecord.Errors(
        new RunsApiException(HttpStatusCode.BadRequest, new Problem(400, null, "spec-refused", "Refused.", null, null, [new RunError("required", "It is missing.", Pointer: "/reduce")]), null))));

    [Fact]
    public void Defect_OfAHost_NamesItsTrace() => Assert.Contains("t1",
        Assert.Single(RemoteRecord.Errors(new RunsApiException(HttpStatusCode.InternalServerError, new Problem(500, null, "bug", "A defect.", null, "t1", null), null))).Message, StringComparison.Ordinal);
}
