using System.Globalization;
using Fanfold.Engine.Columns;

namespace Fanfold.Worker;

/// <summary>Values as text that gives back the very value: integers and unscaled numbers in decimal, floats in round-trip form, bytes in base64, null as null.</summary>
public static class ScalarText
{
    public static string? Write(in Scalar value) => value.IsNull ? null : value.Type.Lane switch
    {
        Lane.Bytes => Convert.ToBase64String(value.BytesValue),
        Lane.Float or Lane.Double => value.FloatingValue.ToString("R", CultureInfo.InvariantCulture),
        _ => value.IntegerValue.ToString(CultureInfo.InvariantCulture),
    };

    public static Scalar Read(DataType type, string? text) => text is null ? Scalar.Null(type) : type.Lane switch
    {
        Lane.Bytes => Scalar.Bytes(type, Convert.FromBase64String(text)),
        Lane.Float or Lane.Double => Scalar.Floating(type, double.Parse(text, CultureInfo.InvariantCulture)),
        _ => Scalar.Integer(type, Int128.Parse(text, CultureInfo.InvariantCulture)),
    };
}
