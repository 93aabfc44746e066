namespace Fanfold.Workflow.Spec;

/// <summary>Selects the paths that one of the included globs matches and none of the excluded.</summary>
public sealed class PathFilter(IEnumerable<string> include, IEnumerable<string> exclude)
{
    readonly Glob[] _include = [.. include.Select(Glob.Parse)];
    readonly Glob[] _exclude = [.. exclude.Select(Glob.Parse)];

    /// <param name="path">Relative to the folder that the globs are relative to.</param>
    public bool Selects(string path) =>
        Array.Exists(_include, glob => glob.Matches(path)) && !Array.Exists(_exclude, glob => glob.Matches(path));
}
