namespace Fanfold.Workflow.Spec;

/// <summary>The words that a field may hold, and what they mean.</summary>
sealed class WordList<T>(params (string Word, T Value)[] entries) where T : struct, Enum
{
    public IEnumerable<string> Words => entries.Select(entry => entry.Word);

    public T? Find(string word) => Array.FindIndex(entries, entry => entry.Word == word) is >= 0 and var index ? entries[index].Value : null;

    public string WordOf(T value) => Array.Find(entries, entry => EqualityComparer<T>.Default.Equals(entry.Value, value)).Word;
}

static class SpecWords
{
    public static readonly WordList<MissingColumn> MissingColumns = new(("error", MissingColumn.Error), ("null", MissingColumn.Null));
    public static readonly WordList<OutputLayout> Layouts = new(("file", OutputLayout.File), ("hive", OutputLayout.Hive));
    public static readonly WordList<RunStrategy> Strategies =
        new(("auto", RunStrategy.Auto), ("perPartition", RunStrategy.PerPartition), ("sharedScan", RunStrategy.SharedScan));
}
