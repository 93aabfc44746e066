using Fanfold.Engine.Columns;
using Fanfold.Engine.Spill;

namespace Fanfold.Engine.Reduce.Plugins;

/// <summary>Runs a plug-in over the rows of a scan: a state for each row group that has rows, merged in their order.</summary>
sealed class PluginReducer<TState> : Reducer
{
    const int PieceRows = 8192;

    readonly RegisteredReducer _plugin;
    readonly IReducer<TState> _reducer;
    readonly ReducerContext _context;
    readonly IReadOnlyList<Field> _outputs;
    readonly int[] _ordinals;
    readonly InputColumn[] _columns;
    readonly Scalar _partition;
    readonly IReadOnlyList<SortKey> _sort;
    readonly long _limit;
    TState _whole = default!;
    TState _group = default!;
    bool _hasWhole;
    bool _hasGroup;

    public PluginReducer(RegisteredReducer plugin, IReducer<TState> reducer, ReducerContext context, IReadOnlyList<Field> outputs, IReadOnlyList<int> ordinals, (Field Field, Scalar Value) partition, IReadOnlyList<SortKey> sort, long limit)
        : base(new Schema([partition.Field, .. outputs]), ordinals)
    {
        _plugin = plugin;
        _reducer = reducer;
        _context = context;
        _outputs = outputs;
        _ordinals = [.. ordinals];
        _columns = [.. plugin.Inputs.Select(InputColumn.Create)];
        _partition = partition.Value;
        _sort = sort;
        _limit = limit;
    }

    public override void Accumulate(RowBatch batch)
    {
        if (batch.Rows == 0) return;
        for (var i = 0; i < _columns.Length; i++) _columns[i].Load(batch.Columns[_ordinals[i]]);
        try
        {
            if (!_hasGroup) _group = _reducer.Create(_context);
            _hasGroup = true;
            _reducer.Accumulate(ref _group, new InputBatch(batch.Rows, _columns));
        }
        catch (Exception thrown) when (PluginException.IsPlugins(thrown))
        {
            throw PluginException.Of(_plugin, _hasGroup ? nameof(Accumulate) : "Create", thrown);
        }
    }

    public override void EndRowGroup()
    {
        if (!_hasGroup) return;
        try
        {
            if (_hasWhole) _reducer.Merge(ref _whole, _group);
            else _whole = _group;
        }
        catch (Exception thrown) when (PluginException.IsPlugins(thrown))
        {
            throw PluginException.Of(_plugin, "Merge", thrown);
        }
        (_hasWhole, _hasGroup, _group) = (true, false, default!);
    }

    public override IEnumerable<IReadOnlyList<Column>> Finish()
    {
        EndRowGroup();
        if (!_hasWhole) yield break;
        var columns = Write();
        var rows = columns[0].Length;
        int[]? order = null;
        if (_sort.Count > 0)
        {
            _context.Memory.Charge(RowOrder.BytesPerRow * (long)rows);
            order = new int[rows];
            new RowOrder(_sort).Fill(columns, order, new ulong[rows]);
        }
        rows = (int)Math.Min(rows, _limit);
        for (var from = 0; from < rows; from += PieceRows) yield return Take(columns, order, from, Math.Min(PieceRows, rows - from));
    }

    Column[] Write()
    {
        var output = new ReducerOutput(_outputs, _context.Memory);
        try
        {
            _reducer.Finish(_whole, output);
        }
        catch (Exception thrown) when (PluginException.IsPlugins(thrown))
        {
            throw PluginException.Of(_plugin, nameof(Finish), thrown);
        }
        _whole = default!;
        var rows = output.Columns[0].Length;
        for (var i = 1; i < _outputs.Count; i++)
        {
            if (output.Columns[i].Length != rows)
                throw PluginException.Of(_plugin, nameof(Finish), new PluginException("plugin-output", $"wrote {rows} values to the column '{_outputs[0].Name}' and {output.Columns[i].Length} to '{_outputs[i].Name}'"));
        }
        var partition = Column.Create(OutputSchema[0].Type, _context.Memory);
        partition.AppendRepeated(_partition, rows);
        return [partition, .. output.Columns];
    }

    static Column[] Take(Column[] source, int[]? order, int from, int rows)
    {
        if (order is null && from == 0 && rows == source[0].Length) return source;
        var taken = new Column[source.Length];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = Column.Create(source[i].Type);
            if (order is null) taken[i].AppendRange(source[i], from, rows);
            else taken[i].AppendFrom(source[i], order.AsSpan(from, rows));
        }
        return taken;
    }
}
