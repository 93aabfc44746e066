using System.Text;
using Fanfold.Engine.Tests;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

/// <summary>The specs that the documentation shows are valid.</summary>
public class SpecPageTests
{
    [Theory]
    [InlineData("docs/spec.md", 3)]
    [InlineData("docs/seed.md", 1)]
    [InlineData("README.md", 1)]
    public void Page_EverySpec_IsValid(string page, int specs)
    {
        var blocks = Repository.Blocks(page, "json").ToList();
        Assert.Equal(specs, blocks.Count);
        Assert.All(blocks, block => Assert.Empty(SpecParser.Parse(Encoding.UTF8.GetBytes(block)).Errors.Select(error => error.Message)));
    }

    [Fact]
    public void Page_NamesEveryField()
    {
        var page = Repository.Read("docs/spec.md");
        Assert.All([.. SpecFields.Root, .. SpecFields.Source, .. SpecFields.PartitionBy, .. SpecFields.Reduce, .. SpecFields.Output, .. SpecFields.Limits],
            field => Assert.True(field is "$schema" or "columns" || page.Contains(field, StringComparison.Ordinal), field));
    }
}
