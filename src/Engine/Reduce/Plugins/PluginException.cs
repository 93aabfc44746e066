namespace Fanfold.Engine.Reduce.Plugins;

/// <summary>What a plug-in did or is, that ends its task. No other try can mend it.</summary>
/// <param name="code">Stable: <c>plugin-failed</c>, <c>plugin-output</c>, <c>plugin-input</c>, <c>plugin-missing</c>, <c>plugin-changed</c>.</param>
public sealed class PluginException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    const int MaxMessage = 1024;
    const int FramesTold = 4;

    public string Code => code;

    /// <summary>Whether an exception out of a plug-in's code is the plug-in's own. Memory that ran out is an outcome of the task.</summary>
    public static bool IsPlugins(Exception exception) => exception is not (MemoryExceededException or OutOfMemoryException or InsufficientMemoryException);

    /// <summary>An exception out of a plug-in's code, with the plug-in's name and where it was thrown.</summary>
    public static PluginException Of(RegisteredReducer plugin, string method, Exception thrown)
    {
        var name = $"the plug-in '{plugin.Name}' {plugin.Version}";
        if (thrown is PluginException own) return new PluginException(own.Code, $"{name} {own.Message}", thrown);
        var message = thrown.Message.Length <= MaxMessage ? thrown.Message : thrown.Message[..MaxMessage] + "…";
        var frames = (thrown.StackTrace ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(FramesTold);
        return new PluginException("plugin-failed", $"{name} failed in {method}: {thrown.GetType().Name}: {message.TrimEnd('.')} ({string.Join("; ", frames)})", thrown);
    }
}
