using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

/// <summary>A text of the expression language, parsed but not yet bound to columns. Immutable.</summary>
/// <remarks>
/// Neither parsing nor binding throws on any text: what is wrong with it comes back as faults. Rules of comparison, under three-valued logic:
/// a literal is compared by its exact value, whatever the column's type, so <c>i &gt; 2.5</c> is <c>i &gt;= 3</c> and an integer that the column can't hold
/// is simply never equal; only a number with a point or exponent is rounded, to a float or double column's own precision. Dates and timestamps
/// compare with each other (a date is its midnight) and with ISO texts; a zone in the text is applied, and columns are taken as they are. Strings compare
/// by UTF-8 bytes, uuids by their 16 bytes, binaries with the UTF-8 bytes of a text. NaN equals itself and is above every number; −0 equals 0.
/// </remarks>
public sealed class Expression
{
    readonly Node? _root;

    Expression(string text, Node? root, ExpressionFault? fault)
    {
        Text = text;
        _root = root;
        Faults = fault is null ? [] : [fault];
        Columns = root is null ? [] : [.. Names(root).DistinctBy(column => column.Name, StringComparer.Ordinal)];
    }

    public string Text { get; }

    /// <summary>Why the text is no expression; empty when it is one.</summary>
    public IReadOnlyList<ExpressionFault> Faults { get; }

    /// <summary>The columns that the text uses, each once, in the order and at the position of their first use.</summary>
    public IReadOnlyList<(string Name, int Position)> Columns { get; }

    public static Expression Parse(string text)
    {
        var (root, fault) = Parser.Parse(text);
        return new Expression(text, root, fault);
    }

    /// <summary>Finds the columns and checks the types; a faulty text gives its parse faults again.</summary>
    public Checked<BoundExpression> Bind(Schema schema)
    {
        if (_root is null) return new(null, Faults);
        var binder = new Binder(schema, Text);
        return binder.Finish(binder.Bind(_root));
    }

    /// <summary>Binds a text that must give a value, as those of <c>derive</c> are; a condition gives a bool.</summary>
    public Checked<ValueExpression> BindValue(Schema schema)
    {
        if (_root is null) return new(null, Faults);
        var binder = new Binder(schema, Text);
        return binder.Finish(binder.BindValue(_root));
    }

    /// <summary>Binds a text that must be a condition, as a <c>where</c> is.</summary>
    public Checked<Predicate> BindPredicate(Schema schema)
    {
        if (_root is null) return new(null, Faults);
        var binder = new Binder(schema, Text);
        return binder.Finish(binder.BindTruth(_root) is { } condition ? new Predicate(condition) : null);
    }

    /// <summary>Binds a text that must be an aggregate of the spec's <c>aggregates</c>, such as <c>sum(amount)</c>.</summary>
    public Checked<AggregateCall> BindAggregate(Schema schema)
    {
        if (_root is null) return new(null, Faults);
        var binder = new Binder(schema, Text);
        return binder.Finish(binder.BindAggregate(_root));
    }

    /// <summary>What was parsed, for tests.</summary>
    internal Node? Root => _root;

    static IEnumerable<(string Name, int Position)> Names(Node node)
    {
        var pending = new Stack<Node>([node]);
        while (pending.TryPop(out var next))
        {
            if (next is NameNode name) yield return (name.Name, name.Span.Position);
            foreach (var child in next.Children.Reverse()) pending.Push(child);
        }
    }
}
