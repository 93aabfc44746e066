using System.Text;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Planning;

public class ColumnResolutionTests
{
    [Fact]
    public void Resolve_FaultsInManyPlaces_AreAllReported()
    {
        var errors = Refused(
            """
            "where": "i = 'x' and lenght(s) = 2",
            "derive": { "x": "lowr(s)", "y": "i + gone", "z": "x || s" },
            "reduce": { "groupBy": ["cat"], "aggregates": { "a": "sum(s)", "b": "max(x)", "c": "sum(nosuch)" } }
            """, "a;ff:int32;i:int32;s:string");

        Assert.Equal(
            ["/derive/x unknown-function", "/derive/y unknown-column", "/reduce/aggregates/a type", "/reduce/aggregates/c unknown-column", "/reduce/groupBy/0 unknown-column", "/where type", "/where unknown-function"],
            errors.Select(error => $"{error.Pointer} {error.Code}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("where", "i > 1 and sped > 2", "No file has a column 'sped'; did you mean 'speed'? (at 10 of \"i > 1 and sped > 2\")")]
    [InlineData("where", "amont > 2", "No file has a column 'amont'; did you mean 'amount'? (at 0 of \"amont > 2\")")]
    [InlineData("derive", "late + 1", "No file has a column 'late'; the column derived under this name comes after this one, and sees only those before it. (at 0 of \"late + 1\")")]
    public void Resolve_UnknownColumnInAnExpression_IsPlacedAndCorrected(string field, string text, string message)
    {
        var early = field == "derive" ? text : "i";

        var errors = Refused($$"""
            "where": "{{(field == "where" ? text : "i > 0")}}",
            "derive": { "early": "{{early}}", "speed": "i / 2", "late": "i" },
            "reduce": { "aggregates": { "n": "len()" } }
            """, "a;ff:int32;i:int32", "b;ff:int32;i:int32;amount:double");

        Assert.Equal(message, Assert.Single(errors).Message);
    }

    static IReadOnlyList<RunError> Refused(string fields, params string[] files)
    {
        var parsed = SpecParser.Parse(Encoding.UTF8.GetBytes($$"""
            { "version": 1, "source": { "path": "lake", "onMissingColumn": "null" }, "partitionBy": { "column": "ff" }, {{fields}}, "output": { "path": "out.parquet" } }
            """));
        Assert.Empty(parsed.Errors);
        return Assert.Throws<PlanRefusedException>(() => ColumnResolution.Resolve(parsed.Spec!, SourceColumnsTests.Files(files), null)).Errors;
    }
}
