using System.Text.Json;
using System.Text.Json.Serialization;
using Fanfold.Worker;

namespace Fanfold.Workflow.Running;

/// <summary>Formats in the words of the spec.</summary>
sealed class ResultFormatConverter() : JsonStringEnumConverter<ResultFormat>(JsonNamingPolicy.CamelCase);
