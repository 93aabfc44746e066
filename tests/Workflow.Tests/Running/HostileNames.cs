using System.Text;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>Names that would leave their folder, or break something, were they taken at their word.</summary>
static class HostileNames
{
    static readonly string[] Bare =
    [
        "..", ".", "...", "..hidden", ".hidden", ".fanfold.lock", ".0123456789abcdef0123456789abcdef.tmp", "~", "~root", " ", "  a", "a ", "a.", "a. ", "a\t", "\u00A0", "\u200B", "\uFEFFa",
        "..\\up", "\\up", "\\\\host\\share", "C:\\up", "C:up", "C:", "%2e%2e", "%2e%2e%2fup", "..%2fup", "..%5cup", "%252e%252e%252fup", "..%c0%afup", "%00", "a%00b", "%",
        "a\0b", "\0", "a\nb", "a\r\nb", "a\u001B[2Jb", "a\u007Fb", "a\u0085b", "\u202Egpj.a", "\u2028a", "\u2066a", "e\u0301", "\u00E9", "\u0130", "\u212A", "ß", "ﬀ",
        "．．", "．．／up", "‥", "․․", "․․/up", "..／up", "..∕up", "..⁄up", "..⧸up", "。。", "‥∕up", "\uD83D\uDE00", "日本語", "a\uFFFDb",
        "CON", "con", "NUL", "PRN", "AUX.parquet", "COM1", "COM¹", "LPT9.txt", "CONIN$", "$MFT", "a:stream", "a::$DATA",
        "$HOME", "${HOME}", "$(id)", "`id`", "a;id", "a|id", "a&b", "a>b", "<a", "*", "?", "[a]", "{a,b}", "!a", "#a", "-rf", "--store", "'", "\"", "a'b", "a\"b", "''",
        "fanfold", "runs", "results", "lake", "_SUCCESS", "_a", "a.manifest.json", "status.json", "a=b", "a=..", "ff=7", "=", "a=", "=a", "null", "NULL", "__HIVE_DEFAULT_PARTITION__", "0", "-0", "1e9", "true",
        "file:a", "http:a", "a?b=c", "a#b", "sig", "@a", "a@b", "a,b", "a\\", "\\",
    ];

    static readonly string[] Paths =
    [
        "/", "//", "/up", "/etc/fanfold-up", "//host/share", "../up", "../../up", "../../../../../../../../tmp/fanfold-up", "a/../../up", "a/../..", "./a", "a/./b", "a/.", "a//b", "a/", "a/b/../c", "..//up", "a/..\\..\\up",
        "%2e%2e/up", "%2e%2e/%2e%2e/up", "．．/up", "‥/up", "fanfold/runs", "fanfold/runs/other/status.json", "fanfold/runs/other/plan/plan.json", "fanfold/outputs/x", "Fanfold/runs/x", "fanfold/../up", "fanfold/./runs/x",
        "lake/a.parquet", "lake", "con/a", "a/nul", "a /b", "a./b", " /a", ".a/.b", "file:///etc/passwd", "http://127.0.0.1/a", "https://a.blob.core.windows.net/c?sig=a", "\\\\?\\C:\\a", "a/~/b", "a/*/b", "-/a",
    ];

    /// <summary>500 names, each once, whatever the case of their letters.</summary>
    public static IReadOnlyList<string> All { get; } = Make();

    static List<string> Make()
    {
        var names = new List<string>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        string[] plain = [.. Bare, .. Paths, new string('a', 255), new string('a', 256), new string('日', 86), new string('a', 1025), new string('.', 300), string.Join('/', Enumerable.Repeat("a", 600))];
        foreach (var name in (IEnumerable<string>)[.. plain, .. plain.Select(name => "x/" + name), .. plain.Select(name => name + "/x"), .. plain.Select(name => "results/" + name + ".parquet"), .. plain.Select(name => name + ".csv")])
            if (seen.Add(name) && names.Count < 500) names.Add(name);
        return names;
    }

    /// <summary>Whether a folder of Linux can hold it.</summary>
    public static bool IsFileName(string name) => name is not ("" or "." or "..") && !name.AsSpan().ContainsAny('/', '\0') && Encoding.UTF8.GetByteCount(name) <= 255 && IsUnicode(name);

    static bool IsUnicode(string name) => name.EnumerateRunes().All(rune => rune.Value != 0xFFFD) || name.Contains('\uFFFD');
}
