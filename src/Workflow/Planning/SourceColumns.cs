using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Scan;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Planning;

/// <summary>A column of the source.</summary>
/// <param name="Files">Where each file has it, in plan order.</param>
sealed record SourceColumn(Field Field, IReadOnlyList<FileColumn> Files);

/// <summary>A column where the spec names it.</summary>
/// <param name="Place">The place inside an expression, for the end of a message; "" elsewhere.</param>
readonly record struct ColumnUse(string Name, string Pointer, string Place = "");

/// <summary>
/// Finds columns by name, case exactly, in all files: in a file itself, else in the keys of its path, else as nulls where the spec allows that.
/// Their type is the narrowest that holds the values of all files exactly.
/// </summary>
/// <param name="derived">The names of the spec's derived columns.</param>
sealed class SourceColumns(IReadOnlyList<SourceFile> files, MissingColumn onMissing, IReadOnlyList<string> derived)
{
    const int MaxFilesNamed = 5;

    /// <summary>The names that a spec may use.</summary>
    IEnumerable<string> Names =>
        derived.Concat(files.SelectMany(file => file.Keys.Select(key => key.Name).Concat(file.Footer.Columns.Where(column => column.IsFlat).Select(column => column.Name)))).Distinct();

    public bool Has(string name) => files.Any(file => file.Footer.Columns.Any(column => column.Root == name) || file.Keys.Any(key => key.Name == name));

    /// <summary>Null when there are errors.</summary>
    public SourceColumn? Find(ColumnUse use, List<RunError> errors)
    {
        var name = use.Name;
        var found = files.Select(file => new Found(file, file.Footer.FindFlat(name), file.Keys.Where(key => key.Name == name).ToList())).ToList();
        if (Refusal(use, found) is { } refusal)
        {
            errors.Add(refusal);
            return null;
        }
        var keyValues = found.Where(f => f.IsKey).Select(f => f.Keys[0].Value).ToHashSet();
        var storedTypes = found.Where(f => f.Stored is not null).Select(f => f.Stored!.Type!.Value).ToHashSet();
        // Text is what a key is anyway.
        var keyType = storedTypes.Count > 0 && storedTypes.All(type => type.Kind == TypeKind.String) ? DataType.String : PathKeys.TypeOf(keyValues);
        if (CommonType.Of(keyValues.Any(value => value is not null) || storedTypes.Count == 0 ? [.. storedTypes, keyType] : storedTypes) is not { } type)
        {
            errors.Add(TypesDiffer(name, found, keyType));
            return null;
        }
        if (Contradiction(name, found, type) is { } contradiction)
        {
            errors.Add(contradiction);
            return null;
        }
        return new SourceColumn(new Field(name, type), [.. found.Select(f => f.Stored is { } stored
            ? FileColumn.Of(stored, type)
            : FileColumn.Of(f.IsKey ? Widening.Convert(PathKeys.Read(f.Keys[0].Value, keyType)!.Value, type)!.Value : Scalar.Null(type)))]);
    }

    /// <summary>What one file has under a name.</summary>
    sealed record Found(SourceFile File, ParquetColumn? Stored, List<PathKey> Keys)
    {
        public string Path => File.Path;

        /// <summary>Rows carry their own values; a key of the path counts where they have none.</summary>
        public bool IsKey => Stored is null && Keys.Count > 0;
    }

    RunError? Refusal(ColumnUse use, List<Found> found)
    {
        var (name, pointer) = (use.Name, use.Pointer);
        var nested = Paths(found, f => f.Stored is null && f.File.Footer.Columns.Any(column => !column.IsFlat && column.Root == name));
        if (nested.Count > 0)
            return new RunError("nested-column", $"The column '{name}' is nested in {Named(nested)}; only flat columns can be used.", File: nested[0], Pointer: pointer);
        var missing = Paths(found, f => f.Stored is null && f.Keys.Count == 0);
        if (missing.Count == files.Count)
        {
            var advice = derived.Contains(name) ? "; the column derived under this name comes after this one, and sees only those before it." : Suggestion.For(name, Names, "; `fanfold inspect FILE` shows the columns of a file.");
            return new RunError("unknown-column", $"No file has a column '{name}'{advice}{use.Place}", Pointer: pointer);
        }
        if (missing.Count > 0 && onMissing == MissingColumn.Error)
        {
            return new RunError("missing-column",
                $"The column '{name}' is missing in {missing.Count} of {files.Count} files: {Named(missing)}. Read it as null there with \"source.onMissingColumn\": \"null\", or exclude these files with \"source.exclude\".", File: missing[0]);
        }
        var twice = Paths(found, f => f.IsKey && f.Keys.Count > 1);
        if (twice.Count > 0)
            return new RunError("ambiguous-path-key", $"'{name}' is a key of more than one folder in the paths of {Named(twice)}; name a deeper folder in \"source.path\", or exclude these files.", File: twice[0]);
        var undecodable = Paths(found, f => f.IsKey && !f.Keys[0].IsUnicode);
        if (undecodable.Count > 0)
            return new RunError("invalid-path-key", $"The value of the key '{name}' in the paths of {Named(undecodable)} is no UTF-8 text once its percent-sequences are decoded; rename these folders.", File: undecodable[0]);
        if (found.Find(f => f.Stored is { Type: null }) is { } unreadable)
            return new RunError("unsupported-column", $"The column '{name}' of '{unreadable.Path}' can't be read: {unreadable.Stored!.Refusal}.", File: unreadable.Path, Pointer: pointer);
        return null;
    }

    static RunError TypesDiffer(string name, List<Found> found, DataType keyType)
    {
        var types = found.Where(f => f.Stored is not null || f.IsKey)
            .GroupBy(f => f.Stored is { } stored ? stored.Type!.Value.ToString() : $"{keyType} as a key of the path")
            .OrderByDescending(type => type.Count()).ToList();
        var listed = types.Select(type => $"{type.Key} in {Named([.. type.Select(f => f.Path)])}");
        return new RunError("column-types-differ",
            $"The column '{name}' has types of which none holds the values of all exactly: {string.Join("; ", listed)}. Write the files with one type, or exclude the odd ones.",
            File: types[^1].First().Path);
    }

    /// <summary>A file whose rows, by its statistics, have other values than its path says: either could be meant.</summary>
    static RunError? Contradiction(string name, List<Found> found, DataType type)
    {
        foreach (var (file, stored, keys) in found)
        {
            if (stored is null || keys.Count == 0 || !PathKeys.IsComparable(type)) continue;
            var key = PathKeys.Find(keys[^1].Value, type);
            var column = FileColumn.Of(stored, type);
            foreach (var group in file.Footer.RowGroups.Where(group => group.Rows > 0))
            {
                if (column.Bounds(group.Chunks[stored.Ordinal]) is not { Min: { } min, Max: { } max }) continue;
                if (key is { IsNull: false } value && Scalar.Compare(min, value) <= 0 && Scalar.Compare(max, value) >= 0) continue;
                return new RunError("path-key-contradicts",
                    $"The path of '{file.Path}' says that '{name}' is {Quoted.Clip(keys[^1].Value ?? "null")}, and the column '{name}' in it has values from {Quoted.Clip(min.ToString())} to {Quoted.Clip(max.ToString())}. Move the file, or write it again without the column.",
                    File: file.Path);
            }
        }
        return null;
    }

    static List<string> Paths(List<Found> found, Predicate<Found> has) => [.. found.Where(f => has(f)).Select(f => f.Path)];

    static string Named(List<string> paths) =>
        string.Join(", ", paths.Take(MaxFilesNamed).Select(path => $"'{path}'")) + (paths.Count > MaxFilesNamed ? $" and {paths.Count - MaxFilesNamed} more" : "");
}
