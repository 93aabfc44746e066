using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Fanfold.Workflow.Http;
using Fanfold.Workflow.Running;
using Fanfold.Workflow.Spec;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Fanfold.Workflow.Tests.Http.OpenApi;

/// <summary>
/// The OpenAPI document that the routes of this build give: the framework makes operations and schemas of them and of the records that they answer with;
/// what the framework can't know is put in from <see cref="Routes.All"/>.
/// </summary>
static class OpenApiDocument
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task<string> MakeAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolver = JsonTypeInfoResolver.Combine(ApiJson.Default, WorkflowJson.Default);
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.Converters.Add(new RunStatusConverter());
            json.SerializerOptions.Converters.Add(new ResultFormatConverter());
        });
        builder.Services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddSchemaTransformer(DescribeAsync);
        });
        await using var app = builder.Build();
        foreach (var route in Routes.All)
        {
            Delegate handler = route.HasId ? (string id) => Task.CompletedTask : () => Task.CompletedTask;
            var endpoint = app.MapMethods(route.Template, [route.Method], handler).WithMetadata(new EndpointNameMetadata(route.Name));
            foreach (var type in route.Answers.Select(answer => answer.Document).OfType<Type>().Append(typeof(Problem)).Distinct()) endpoint.WithMetadata(new ProducesResponseTypeMetadata(Array.IndexOf(Types, type) + 200, type, ["application/json"]));
        }
        // The endpoints are known once the application has been started.
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync(cancellationToken);
        var made = await app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync(cancellationToken);
        var json = JsonNode.Parse(await made.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken))!.AsObject();
        return OpenApiParts.Complete(json).ToJsonString(Indented) + "\n";
    }

    // A status for each type, so that the framework keeps them apart; the parts put in the real ones.
    static readonly Type[] Types = [.. Routes.All.SelectMany(route => route.Answers).Select(answer => answer.Document).OfType<Type>().Append(typeof(Problem)).Distinct()];

    /// <summary>Fields that may be null are left out then, and the others are always there.</summary>
    static Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo;
        if (schema.Type is { } kinds && context.JsonPropertyInfo is { } property && kinds.HasFlag(JsonSchemaType.Null) && property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), true) is not [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.Never }])
            schema.Type = kinds & ~JsonSchemaType.Null;
        if (type.Kind == JsonTypeInfoKind.Object)
        {
            schema.Required = type.Properties.Where(property => IsAlways(property) && schema.Properties?.ContainsKey(property.Name) == true).Select(property => property.Name).ToHashSet();
            schema.AdditionalPropertiesAllowed = true;
        }
        return Task.CompletedTask;
    }

    static bool IsAlways(JsonPropertyInfo property)
    {
        var condition = property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), true).OfType<JsonIgnoreAttribute>().FirstOrDefault()?.Condition;
        return condition == JsonIgnoreCondition.Never || condition is null && !property.IsGetNullable && Nullable.GetUnderlyingType(property.PropertyType) is null;
    }
}
