using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>
/// The columns of a row: those of the source, then derived ones, each computed from columns before it. Ordinals count through both. Which column a name
/// means depends on who asks: a reduction, and a derived column, see the derived one first, <c>where</c> that of the source.
/// </summary>
public sealed class RowSchema
{
    readonly Schema _source;
    readonly List<Field> _derivedFields = [];
    readonly List<ValueExpression> _derived = [];

    public RowSchema(Schema source)
    {
        _source = source;
        InWhere = InReduce = source;
    }

    /// <summary>The values of the derived columns.</summary>
    public IReadOnlyList<ValueExpression> Derived => _derived;

    /// <summary>All columns under the names that <c>where</c> calls them by. Those that it can't name have the name "".</summary>
    public Schema InWhere { get; private set; }

    /// <summary>All columns under the names that a reduction calls them by.</summary>
    public Schema InReduce { get; private set; }

    /// <summary>Adds a column that is bound to <see cref="InReduce"/>, and returns its ordinal.</summary>
    /// <param name="name">"" for one without a name.</param>
    public int Add(string name, ValueExpression value)
    {
        _derivedFields.Add(new Field(name, value.Type));
        _derived.Add(value);
        InWhere = Named([.. _source.Fields, .. _derivedFields], firstWins: true);
        InReduce = Named([.. _source.Fields, .. _derivedFields], firstWins: false);
        return InReduce.Count - 1;
    }

    /// <summary>The bounds of the source's columns, and what they prove about the derived ones.</summary>
    public ColumnBounds[] Bounds(IReadOnlyList<ColumnBounds> source)
    {
        var bounds = new ColumnBounds[InReduce.Count];
        for (var i = 0; i < source.Count; i++) bounds[i] = source[i];
        for (var i = 0; i < _derived.Count; i++) bounds[source.Count + i] = _derived[i].Bounds(bounds);
        return bounds;
    }

    static Schema Named(List<Field> fields, bool firstWins)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < fields.Count; i++)
        {
            var at = firstWins ? i : fields.Count - 1 - i;
            if (!seen.Add(fields[at].Name)) fields[at] = fields[at] with { Name = "" };
        }
        return new Schema(fields);
    }
}
