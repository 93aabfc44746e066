using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>Settings as the environment gives them, and which of them were asked for.</summary>
sealed class ReadKeys(IEnumerable<KeyValuePair<string, string>> settings) : IConfiguration
{
    readonly IReadOnlyDictionary<string, string> _settings = settings.ToDictionary(
        static setting => setting.Key.Replace("__", ":", StringComparison.Ordinal),
        static setting => setting.Value, StringComparer.OrdinalIgnoreCase);
    readonly HashSet<string> _asked = [];

    /// <summary>As they are named where there are no colons.</summary>
    public IReadOnlyCollection<string> Asked => [.. _asked.Select(static key => key.Replace(":", "__", StringComparison.Ordinal))];

    public string? this[string key]
    {
        get
        {
            _asked.Add(key);
            return _settings.GetValueOrDefault(key);
        }
        set => throw new NotSupportedException();
    }

    public IEnumerable<IConfigurationSection> GetChildren() => throw new NotSupportedException();

    public IChangeToken GetReloadToken() => throw new NotSupportedException();

    public IConfigurationSection GetSection(string key) => throw new NotSupportedException();
}
