using Fanfold.Engine.Expressions;
using Fanfold.Engine.Reduce;
using Fanfold.Worker;
using Fanfold.Workflow.Planning;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Running;

public class TaskPieceTests
{
    static readonly IReadOnlyList<Aggregate> Len = [new("n", AggregateFunction.Len, -1)];
    static readonly TaskReduction ByKey = new([1], Len, null, [], null);
    static readonly TaskReduction WithoutKeys = new([], Len, null, [], null);
    static readonly TaskReduction Rows = new(null, null, [1], [], null);
    static readonly TaskReduction Plugin = new(null, null, null, [], null, new TaskPlugin("p", "1", [1], []));

    static TaskSlice Slice(params RowGroupRun[] matched) => new(0, "00000-x", "7", "7", matched, "hash", 0, null);

    static IEnumerable<TaskPiece> Leaves(TaskPiece piece, TaskReduction reduction) =>
        piece.Split(reduction) is { Count: > 0 } smaller ? smaller.SelectMany(part => Leaves(part, reduction)) : [piece];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public void Split_OfRowGroupsAndKeys_CoversEachRowGroupAndBucketOnceInPlanOrder(int rowGroups)
    {
        var leaves = Leaves(TaskPiece.Whole(Slice(new RowGroupRun(0, 3, 3 + rowGroups))), ByKey).ToList();

        Assert.Equal(Enumerable.Range(0, rowGroups), leaves.Select(leaf => leaf.From).Distinct());
        Assert.All(leaves, leaf => Assert.Equal((1, TaskPiece.MaxBuckets), (leaf.To - leaf.From, leaf.Buckets)));
        Assert.All(leaves.GroupBy(leaf => leaf.From), group => Assert.Equal(Enumerable.Range(0, TaskPiece.MaxBuckets), group.Select(leaf => leaf.Bucket).Order()));
    }

    [Fact]
    public void Split_OfABucket_DividesIt()
    {
        var bucket = new TaskPiece(4, 5, Bucket: 3, Buckets: 16);

        var smaller = bucket.Split(ByKey);

        Assert.Equal([3, 19, 35, 51], smaller.Select(piece => piece.Bucket));
        Assert.All(smaller, piece => Assert.Equal((4, 5, 64, 3), (piece.From, piece.To, piece.Buckets, piece.Bucket % 16)));
    }

    [Fact]
    public void Split_WithoutKeys_EndsAtOneRowGroup()
    {
        foreach (var reduction in (TaskReduction[])[WithoutKeys, Rows])
            Assert.Equal([new(0, 1), new(1, 2), new(2, 3)], Leaves(new TaskPiece(0, 3), reduction));
    }

    [Fact]
    public void Split_OfAPluginOrOfNothing_IsNone()
    {
        Assert.Empty(new TaskPiece(0, 9).Split(Plugin));
        Assert.Empty(TaskPiece.Whole(Slice()).Split(ByKey));
    }

    [Fact]
    public void RowGroups_OfAPieceAcrossFiles_AreTheSlicesInOrder()
    {
        var slice = Slice(new RowGroupRun(0, 2, 4), new RowGroupRun(2, 0, 1), new RowGroupRun(2, 5, 9));

        Assert.Equal(new TaskPiece(0, 7), TaskPiece.Whole(slice));
        Assert.Equal(slice.Matched, new TaskPiece(0, 7).RowGroups(slice));
        Assert.Equal([new RowGroupRun(0, 3, 4), new RowGroupRun(2, 0, 1), new RowGroupRun(2, 5, 7)], new TaskPiece(1, 5).RowGroups(slice));
        Assert.Equal([new RowGroupRun(2, 8, 9)], new TaskPiece(6, 7).RowGroups(slice));
    }

    [Fact]
    public void Ids_OfAllPieces_AreDifferent()
    {
        var slice = Slice(new RowGroupRun(0, 0, 3));
        var pieces = new List<TaskPiece>();
        Collect(new TaskPiece(0, 3));

        Assert.Equal(pieces.Count, pieces.Select(piece => piece.IdIn(slice)).Append(slice.TaskId).Distinct().Count() - 1);

        void Collect(TaskPiece piece)
        {
            foreach (var smaller in piece.Split(ByKey))
            {
                pieces.Add(smaller);
                Collect(smaller);
            }
        }
    }
}
