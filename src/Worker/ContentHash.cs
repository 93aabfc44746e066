using System.IO.Hashing;
using System.Security.Cryptography;

namespace Fanfold.Worker;

/// <summary>Which hash tells whether an object has the bytes that were written.</summary>
public enum HashKind
{
    /// <summary>XXH3-128, for parts: against damage and mix-ups, not against forgery, since whoever can write parts can write receipts.</summary>
    Xxh3,

    /// <summary>For results, whose readers have the tools for it. Costs a process the loading of OpenSSL.</summary>
    Sha256,
}

/// <summary>A hash over bytes in the order in which they come.</summary>
public sealed class ContentHash(HashKind kind) : IDisposable
{
    readonly XxHash128 _fast = new();
    readonly IncrementalHash? _secure = kind == HashKind.Sha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;

    public HashKind Kind => kind;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_secure is null) _fast.Append(bytes);
        else _secure.AppendData(bytes);
    }

    /// <summary>Of all bytes so far, in lower-case hex.</summary>
    public override string ToString() => Convert.ToHexStringLower(_secure is null ? _fast.GetCurrentHash() : _secure.GetCurrentHash());

    public void Dispose() => _secure?.Dispose();
}
