using System.Text;
using CsCheck;
using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Storage;

public abstract partial class ObjectStoreContract
{
    // Characters on both sides of '/', of the surrogates, and of the lengths in UTF-8.
    static readonly string[] HostileCharacters = [" ", "!", "-", ".", "0", "A", "_", "a", "~", "\u00E9", "\u0800", "\uD7FF", "\uE000", "\uFFFD", "\U0001F600"];

    static readonly Gen<string> HostileName = Gen.Int[0, HostileCharacters.Length - 1].Select(i => HostileCharacters[i]).Array[1, 3]
        .Select(string.Concat).Where(name => name is not ("." or ".."));

    static readonly Gen<string[]> HostilePaths = HostileName.Array[1, 4].Select(names => string.Join('/', names)).Array[0, 40].Select(WithoutFoldersAsObjects);

    [Fact]
    public async Task List_HostileNames_IsInOrderOfUtf8Bytes() =>
        await HostilePaths.SampleAsync(async paths =>
        {
            foreach (var path in paths) await Store.PutAsync(path, Bytes(1), PutCondition.None, Cancellation);
            Assert.Equal(ByBytes(paths), (await ListAsync("")).Select(o => o.Path));
            foreach (var folder in paths.SelectMany(Prefixes).Distinct())
            {
                var below = paths.Where(path => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal));
                Assert.Equal(ByBytes(below), (await ListAsync(folder)).Select(o => o.Path));
            }
            foreach (var folder in paths.SelectMany(Prefixes).Except(paths).Append(""))
            {
                var below = ByBytes(paths.Where(path => folder.Length == 0 || path.StartsWith(folder + "/", StringComparison.Ordinal))).Select(path => path[(folder.Length == 0 ? 0 : folder.Length + 1)..]).ToList();
                var listed = await Store.ListFoldersAsync(folder, Cancellation).ToListAsync(Cancellation);
                Assert.Equal(below.Where(path => path.Contains('/')).Select(path => path.Split('/')[0]).Distinct(), listed.Where(name => below.Any(path => path.StartsWith(name + "/", StringComparison.Ordinal))));
                Assert.Equal(listed.Count, listed.Distinct().Count());
            }
            foreach (var path in paths) await Store.DeleteAsync(path, Cancellation);
            Assert.Empty(await ListAsync(""));
        }, iter: Rounds(60), threads: 1);

    [Fact]
    public async Task List_FolderNextToLongerNames_HasOnlyItsOwn()
    {
        foreach (var path in new[] { "a/x", "a.b/x", "ab", "a-/x", "a0" })
            await Store.PutAsync(path, Bytes(1), PutCondition.None, Cancellation);
        Assert.Equal(["a-/x", "a.b/x", "a/x", "a0", "ab"], (await ListAsync("")).Select(o => o.Path));
        Assert.Equal(["a/x"], (await ListAsync("a")).Select(o => o.Path));
    }

    [Fact]
    public async Task List_FolderThatIsAnObject_HasThatObject()
    {
        var put = await Store.PutAsync("a/one.parquet", Bytes(3), PutCondition.None, Cancellation);
        Assert.Equal([put], await ListAsync("a/one.parquet"));
    }

    [Fact]
    public async Task List_MissingFolder_IsEmpty()
    {
        await Store.PutAsync("a/b", Bytes(1), PutCondition.None, Cancellation);
        Assert.Empty(await ListAsync("c"));
        Assert.Empty(await ListAsync("a/b/c"));
        Assert.Empty(await ListAsync("c/d/e"));
        Assert.Empty(await Store.ListFoldersAsync("c", Cancellation).ToListAsync(Cancellation));
        Assert.Empty(await Store.ListFoldersAsync("a/b", Cancellation).ToListAsync(Cancellation));
    }

    static string[] WithoutFoldersAsObjects(string[] paths)
    {
        var folders = paths.SelectMany(path => Prefixes(path).Where(prefix => prefix != path)).ToHashSet();
        return [.. paths.Where(path => !folders.Contains(path)).Distinct()];
    }

    static IEnumerable<string> Prefixes(string path)
    {
        var names = path.Split('/');
        return Enumerable.Range(1, names.Length).Select(count => string.Join('/', names[..count]));
    }

    static IEnumerable<string> ByBytes(IEnumerable<string> paths) =>
        paths.OrderBy(Encoding.UTF8.GetBytes, Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right)));
}
