using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fanfold.Workflow.Running;

/// <summary>The status words in camel case, as the API, the summary and the page show them.</summary>
public sealed class RunStatusConverter() : JsonStringEnumConverter<RunStatus>(JsonNamingPolicy.CamelCase);
