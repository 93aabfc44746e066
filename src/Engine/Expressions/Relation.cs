namespace Fanfold.Engine.Expressions;

/// <summary>The six comparisons, over a total order: NaN is equal to itself and above every number, −0 equals +0.</summary>
enum Relation : byte { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual }

static class Relations
{
    /// <summary>The relation that holds where this one doesn't.</summary>
    public static Relation Negate(this Relation relation) => relation switch
    {
        Relation.Equal => Relation.NotEqual,
        Relation.NotEqual => Relation.Equal,
        Relation.Less => Relation.GreaterOrEqual,
        Relation.LessOrEqual => Relation.Greater,
        Relation.Greater => Relation.LessOrEqual,
        _ => Relation.Less,
    };

    /// <summary>The relation with its operands exchanged.</summary>
    public static Relation Mirror(this Relation relation) => relation switch
    {
        Relation.Less => Relation.Greater,
        Relation.LessOrEqual => Relation.GreaterOrEqual,
        Relation.Greater => Relation.Less,
        Relation.GreaterOrEqual => Relation.LessOrEqual,
        _ => relation,
    };

    /// <summary>Whether the relation holds for operands that compare as <paramref name="order"/>.</summary>
    public static bool Holds(this Relation relation, int order) => relation switch
    {
        Relation.Equal => order == 0,
        Relation.NotEqual => order != 0,
        Relation.Less => order < 0,
        Relation.LessOrEqual => order <= 0,
        Relation.Greater => order > 0,
        _ => order >= 0,
    };

    public static Relation? Of(string symbol) => symbol switch
    {
        "=" or "==" => Relation.Equal,
        "<>" or "!=" => Relation.NotEqual,
        "<" => Relation.Less,
        "<=" => Relation.LessOrEqual,
        ">" => Relation.Greater,
        ">=" => Relation.GreaterOrEqual,
        _ => null,
    };
}
