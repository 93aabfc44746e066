using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Fanfold.Functions.Tests.Infra;

/// <summary>Settings as the environment gives them, and which of them were asked for.</summary>
sealed class ReadKeys(IEnumerable<KeyValuePair<string, string>> settings) : IConfiguration
{
    readonly IConfigurationRoot _settings = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value))).Build();
    readonly HashSet<string> _asked = [];

    /// <summary>As they are named where there are no colons.</summary>
    public IReadOnlyCollection<string> Asked => [.. _asked.Select(static key => key.Replace(":", "__", StringComparison.Ordinal))];

    public string? this[string key]
    {
        get
        {
            _asked.Add(key);
            return _settings[key];
        }
        set => throw new NotSupportedException();
    }

    public IEnumerable<IConfigurationSection> GetChildren() => throw new NotSupportedException();

    public IChangeToken GetReloadToken() => throw new NotSupportedException();

    public IConfigurationSection GetSection(string key) => throw new NotSupportedException();
}
