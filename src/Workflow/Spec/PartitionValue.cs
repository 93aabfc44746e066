namespace Fanfold.Workflow.Spec;

public enum PartitionValueKind { Null, Bool, Number, String }

/// <summary>
/// A JSON scalar as it was written. Numbers keep their exact text, because only the column's type, known at plan time, says
/// which number it is; so <c>1</c> and <c>1.0</c> are different here.
/// </summary>
public readonly record struct PartitionValue
{
    PartitionValue(PartitionValueKind kind, string text) => (Kind, Text) = (kind, text);

    public PartitionValueKind Kind { get; }

    /// <summary>The string itself, the number as in the JSON, <c>true</c> or <c>false</c>; null for the null value.</summary>
    public string? Text { get; }

    public static PartitionValue Null => default;

    public static PartitionValue Bool(bool value) => new(PartitionValueKind.Bool, value ? "true" : "false");

    /// <param name="json">The number in JSON's grammar.</param>
    public static PartitionValue Number(string json) => new(PartitionValueKind.Number, json);

    public static PartitionValue String(string value) => new(PartitionValueKind.String, value);

    /// <summary>The value for messages: strings quoted and clipped.</summary>
    public override string ToString() => Kind == PartitionValueKind.String ? Quoted.Text(Text!) : Quoted.Clip(Text ?? "null");
}
