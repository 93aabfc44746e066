using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce;

namespace Fanfold.Engine.Tests.Reduce;

/// <summary>All rows that a reducer gives, copied: those that are ready early, then the rest.</summary>
sealed class CollectedRows
{
    readonly Reducer _reducer;

    public CollectedRows(Reducer reducer)
    {
        _reducer = reducer;
        Columns = [.. reducer.OutputSchema.Fields.Select(field => Column.Create(field.Type))];
        reducer.Ready = batch => Add(batch.Columns, batch.Rows);
    }

    public Column[] Columns { get; }

    public int Rows => Columns[0].Length;

    public Column[] Finish()
    {
        foreach (var piece in _reducer.Finish()) Add(piece, piece[0].Length);
        return Columns;
    }

    public static Column[] Of(Reducer reducer) => new CollectedRows(reducer).Finish();

    void Add(IReadOnlyList<Column> columns, int rows)
    {
        for (var i = 0; i < Columns.Length; i++) Columns[i].AppendRange(columns[i], 0, rows);
    }
}
