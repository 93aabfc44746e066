using System.Text;
using System.Text.Json.Nodes;
using Fanfold.Workflow.Spec;

namespace Fanfold.Workflow.Tests.Spec;

public class SpecFuzzTests
{
    static readonly byte[][] Samples = [Encoding.UTF8.GetBytes(SpecSamples.Full), Encoding.UTF8.GetBytes(SpecSamples.Minimal)];

    static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1.0", "1e999", "123456789012345678901234567890", "\"\"", "\"a\"", "\"-\"", "\"\\ud83d\\ude00\"", "[]", "[[]]", "{}",
        "[1,2]", "[\"a\"]", "[\"a\",\"a\"]", "{\"a\":\"b\"}", "{\"\":\"\"}", "\"5%\"", "\"512MiB\"", "\"00:01:00\"", "\"hive\"", "\"x.parquet\"", "\"a/../b\"",
    ];

    [Fact]
    public void Parse_MutatedBytes_GivesASpecOrErrors()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new List<byte>(Samples[i % Samples.Length]);
            for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(5))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.Insert(at, "\"\\{}[],:\u0000/u-e."u8[random.Next(14)]); break;
                    case 2: bytes.RemoveRange(at, random.Next(1, Math.Min(20, bytes.Count - at) + 1)); break;
                    case 3: bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, random.Next(1, Math.Min(40, bytes.Count - at) + 1))); break;
                    default: bytes.InsertRange(at, "\\ud8"u8.ToArray()); break;
                }
            }
            Check([.. bytes]);
        }
    }

    [Fact]
    public void Parse_MutatedStructure_GivesASpecOrErrors()
    {
        var random = new Random(2);
        for (var i = 0; i < 20_000; i++)
        {
            var root = JsonNode.Parse(Samples[i % Samples.Length])!;
            for (var changes = random.Next(1, 4); changes > 0; changes--) Mutate(root, random);
            Check(Encoding.UTF8.GetBytes(root.ToJsonString()));
        }
    }

    static void Mutate(JsonNode root, Random random)
    {
        var node = root;
        while (true)
        {
            var children = node switch { JsonObject map => map.Select(member => member.Value).ToArray(), JsonArray list => [.. list], _ => [] };
            if (children.Length == 0 || random.Next(3) == 0 || children[random.Next(children.Length)] is not (JsonObject or JsonArray)) break;
            node = children.OfType<JsonNode>().Where(child => child is JsonObject or JsonArray).ElementAt(random.Next(children.Count(child => child is JsonObject or JsonArray)));
        }
        var value = JsonNode.Parse(Values[random.Next(Values.Length)]);
        if (node is JsonObject fields)
        {
            var known = SpecFields.All.Values.ElementAt(random.Next(SpecFields.All.Count));
            var name = random.Next(2) == 0 || fields.Count == 0 ? known[random.Next(known.Length)] : fields.ElementAt(random.Next(fields.Count)).Key;
            if (random.Next(4) == 0) fields.Remove(name);
            else fields[name] = value;
        }
        else if (node is JsonArray items) items.Insert(random.Next(items.Count + 1), value);
    }

    static void Check(byte[] bytes)
    {
        var result = SpecParser.Parse(bytes);
        Assert.NotEqual(result.IsValid, result.Errors.Count > 0);
        Assert.All(result.Errors, error =>
        {
            Assert.Matches("^[a-z-]+$", error.Code);
            Assert.InRange(error.Message.Length, 10, 1000);
            Assert.DoesNotContain(error.Message, char.IsControl);
        });
        if (result.IsValid) Assert.Equal(result.Spec, SpecSamples.Accept(result.Spec.ToJson()));
    }
}
