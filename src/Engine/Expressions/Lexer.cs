using System.Globalization;
using System.Text;

namespace Fanfold.Engine.Expressions;

/// <summary>Cuts an expression's text into tokens, up to the first that is none.</summary>
sealed class Lexer(string text)
{
    static readonly string[] Keywords =
        ["and", "or", "not", "in", "between", "like", "is", "null", "true", "false", "case", "when", "then", "else", "end"];

    static readonly string[] Symbols =
        ["==", "<>", "!=", "<=", ">=", "//", "||", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/", "%"];

    readonly List<Token> _tokens = [];
    int _position;

    /// <summary>The fault that stopped the lexer, if one did.</summary>
    public ExpressionFault? Fault { get; private set; }

    /// <summary>The tokens, the last of which is <see cref="TokenKind.End"/>.</summary>
    public List<Token> Run()
    {
        while (Fault is null)
        {
            while (_position < text.Length && char.IsWhiteSpace(text[_position])) _position++;
            if (_position == text.Length) break;
            var c = text[_position];
            if (c == '\'' || c == '"') Quoted(c);
            else if (char.IsAsciiDigit(c) || c == '.' && IsDigit(_position + 1)) Number();
            else if (NameUnits(_position, first: true) > 0) Word();
            else Symbol();
        }
        _tokens.Add(new Token(TokenKind.End, new SourceSpan(text.Length, 0), ""));
        return _tokens;
    }

    void Quoted(char quote)
    {
        var start = _position++;
        var value = new StringBuilder();
        while (true)
        {
            var end = text.IndexOf(quote, _position);
            if (end < 0)
            {
                Fail(start, text.Length - start, quote == '\'' ? "a text literal that isn't closed with '" : "a quoted name that isn't closed with \"");
                return;
            }
            value.Append(text, _position, end - _position);
            _position = end + 1;
            if (_position == text.Length || text[_position] != quote) break;
            value.Append(quote);
            _position++;
        }
        var content = value.ToString();
        if (!IsWellFormed(content)) Fail(start, _position - start, "a text with half a surrogate pair, which has no UTF-8 form");
        else if (quote == '"' && content.Length == 0) Fail(start, 2, "a quoted name without a letter");
        else Add(quote == '\'' ? TokenKind.Text : TokenKind.QuotedName, start, content);
    }

    void Number()
    {
        var start = _position;
        var isInteger = true;
        SkipDigits();
        if (Peek(0) == '.' && IsDigit(_position + 1))
        {
            isInteger = false;
            _position++;
            SkipDigits();
        }
        if (Peek(0) is 'e' or 'E' && (IsDigit(_position + 1) || Peek(1) is '+' or '-' && IsDigit(_position + 2)))
        {
            isInteger = false;
            _position += 2;
            SkipDigits();
        }
        if (NameUnits(_position, first: false) is > 0 and var units)
            Fail(start, _position + units - start, "a number that runs into a name; names that start with a digit are quoted with \"");
        else Add(isInteger ? TokenKind.Integer : TokenKind.Decimal, start, text[start.._position]);
    }

    void Word()
    {
        var start = _position;
        while (NameUnits(_position, first: false) is > 0 and var units) _position += units;
        var word = text[start.._position];
        var keyword = Array.Find(Keywords, keyword => keyword.Equals(word, StringComparison.OrdinalIgnoreCase));
        Add(keyword is null ? TokenKind.Name : TokenKind.Keyword, start, keyword ?? word);
    }

    void Symbol()
    {
        var start = _position;
        var symbol = Array.Find(Symbols, symbol => string.CompareOrdinal(text, start, symbol, 0, symbol.Length) == 0);
        if (symbol is null)
        {
            Rune.DecodeFromUtf16(text.AsSpan(start), out var rune, out var units);
            Fail(start, units, $"the character {(Rune.IsControl(rune) ? $"U+{rune.Value:X4}" : $"'{rune}'")}, which has no meaning here");
            return;
        }
        _position += symbol.Length;
        Add(TokenKind.Symbol, start, symbol);
    }

    /// <summary>How many units at <paramref name="position"/> belong to a name: 0, 1 or 2.</summary>
    int NameUnits(int position, bool first)
    {
        if (position >= text.Length) return 0;
        var c = text[position];
        if (char.IsAscii(c)) return char.IsAsciiLetter(c) || c == '_' || !first && char.IsAsciiDigit(c) ? 1 : 0;
        Rune.DecodeFromUtf16(text.AsSpan(position), out var rune, out var units);
        if (Rune.IsLetter(rune)) return units;
        // Scripts such as Devanagari write vowels as marks inside a word.
        var inside = Rune.IsDigit(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
        return !first && inside ? units : 0;
    }

    static bool IsWellFormed(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i])) continue;
            if (i + 1 == value.Length || !char.IsSurrogatePair(value[i], value[i + 1])) return false;
            i++;
        }
        return true;
    }

    char Peek(int ahead) => _position + ahead < text.Length ? text[_position + ahead] : '\0';

    bool IsDigit(int position) => position < text.Length && char.IsAsciiDigit(text[position]);

    void SkipDigits()
    {
        while (IsDigit(_position)) _position++;
    }

    void Add(TokenKind kind, int start, string value) => _tokens.Add(new Token(kind, new SourceSpan(start, _position - start), value));

    void Fail(int start, int length, string what) => Fault = new ExpressionFault(FaultCode.Syntax, start, length, $"found {what}");
}
