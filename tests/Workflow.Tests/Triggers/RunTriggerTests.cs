using CsCheck;
using Fanfold.Storage;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Triggers;

namespace Fanfold.Workflow.Tests.Triggers;

public sealed class RunTriggerTests
{
    [Theory]
    [InlineData("requests/a.run.json", true)]
    [InlineData("requests/team/a b.run.json", true)]
    [InlineData("requests/.run.json", false)]
    [InlineData("requests/team/.run.json", false)]
    [InlineData("requests/a.error.json", false)]
    [InlineData("requests/a.started.json", false)]
    [InlineData("requests/a.RUN.JSON", false)]
    [InlineData("requests-old/a.run.json", false)]
    [InlineData("other/requests/a.run.json", false)]
    public void State_Path_IsARequestOrNot(string path, bool isRequest) => Assert.Equal(isRequest, RunTrigger.OfState(path) is not null);

    [Theory]
    [InlineData("lake/trips/_SUCCESS", "lake/trips/_run.json")]
    [InlineData("lake/_SUCCESS", "lake/_run.json")]
    [InlineData("_SUCCESS", null)]
    [InlineData("/_SUCCESS", null)]
    [InlineData("lake/trips_SUCCESS", null)]
    [InlineData("lake/trips/_SUCCESS.crc", null)]
    [InlineData("lake/trips/_success", null)]
    public void Data_Path_MarksAFolderOrNot(string path, string? spec) => Assert.Equal(spec, RunTrigger.OfData(path)?.SpecPath);

    [Fact]
    public void Paths_OfARequest_AreBesideIt()
    {
        var trigger = RunTrigger.OfState("requests/team/Nightly Trips.run.json")!;
        var id = trigger.RunId("0x8D");
        Assert.StartsWith("team-nightly-trips-", id, StringComparison.Ordinal);
        Assert.Equal("requests/team/Nightly Trips.error.json", trigger.ErrorPath(id));
        Assert.Equal("requests/team/Nightly Trips.started.json", trigger.StartedPath);
    }

    [Fact]
    public void Paths_OfAFolder_AreInTheRequests()
    {
        var trigger = RunTrigger.OfData("lake/trips/_SUCCESS")!;
        var id = trigger.RunId("0x8D");
        Assert.Equal($"requests/{id}.error.json", trigger.ErrorPath(id));
        Assert.StartsWith("requests/lake-trips-", trigger.StartedPath, StringComparison.Ordinal);
        Assert.EndsWith(".started.json", trigger.StartedPath, StringComparison.Ordinal);
    }

    [Fact]
    public void Id_OfAnyNameAndVersion_IsARunIdOfItsOwn() => Gen.Select(Gen.String[1, 300], Gen.String[0, 60], Gen.String[0, 60]).Sample((name, etag, other) =>
    {
        foreach (var trigger in new[] { RunTrigger.OfState($"requests/{name}x.run.json")!, RunTrigger.OfData($"{name}/_SUCCESS")! })
        {
            var id = trigger.RunId(etag);
            Assert.True(RunPaths.IsRunId(id), id);
            Assert.Equal(id, trigger.RunId(etag));
            Assert.Equal(etag.Trim('"') == other.Trim('"'), id == trigger.RunId(other));
            Assert.NotEqual(id, (trigger with { Path = "y" + trigger.Path }).RunId(etag));
        }
    }, iter: 2000);

    [Theory]
    [InlineData("\"0x8D\"")]
    [InlineData("W/\"0x8D\"")]
    public void Id_OfAQuotedETag_IsThatOfTheBareOne(string etag)
    {
        var trigger = RunTrigger.OfState("requests/a.run.json")!;
        Assert.Equal(trigger.RunId("0x8D"), trigger.RunId(etag));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(246)]
    [InlineData(1005)]
    public void Answers_ToANameOfAnyLength_HavePathsThatStoresTake(int length)
    {
        var trigger = RunTrigger.OfState($"requests/{new string('n', length)}.run.json")!;
        foreach (var path in new[] { trigger.ErrorPath(trigger.RunId("1")), trigger.StartedPath })
        {
            ObjectPath.Validate(path);
            Assert.InRange(path.Length - path.LastIndexOf('/') - 1, 1, 255);
        }
    }
}
