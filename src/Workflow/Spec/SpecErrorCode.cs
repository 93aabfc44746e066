namespace Fanfold.Workflow.Spec;

/// <summary>The codes of <see cref="SpecError"/>; a code never changes its meaning.</summary>
public static class SpecErrorCode
{
    /// <summary>Not JSON, or text that is no Unicode; the message has line and column.</summary>
    public const string InvalidJson = "invalid-json";
    public const string TooLarge = "too-large";
    public const string TooDeep = "too-deep";
    public const string UnknownField = "unknown-field";
    public const string MissingField = "missing-field";
    public const string WrongType = "wrong-type";
    public const string OutOfRange = "out-of-range";

    /// <summary>The type is right, but it is none of the allowed words, or not in the right form.</summary>
    public const string InvalidValue = "invalid-value";
    public const string InvalidPath = "invalid-path";
    public const string InvalidGlob = "invalid-glob";
    public const string InvalidName = "invalid-name";
    public const string InvalidExpression = "invalid-expression";

    /// <summary>A name that must be one of the output columns is none of them.</summary>
    public const string UnknownColumn = "unknown-column";
    public const string Duplicate = "duplicate";

    /// <summary>Two fields, each right by itself, that can't stand together.</summary>
    public const string Conflict = "conflict";

    /// <summary>Part of the format, but not of this build.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>Further errors are left out.</summary>
    public const string TooManyErrors = "too-many-errors";
}
