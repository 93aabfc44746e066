using Fanfold.SdkReference;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Microsoft.Azure.Functions.Worker.Builder
{
    public class FunctionsApplication
    {
        public static FunctionsApplicationBuilder CreateBuilder(string[] args) => throw NotTheSdk.Called;
    }

    public class FunctionsApplicationBuilder : IHostApplicationBuilder
    {
        internal FunctionsApplicationBuilder() => throw NotTheSdk.Called;

        public IDictionary<object, object> Properties => throw NotTheSdk.Called;

        IConfigurationManager IHostApplicationBuilder.Configuration => throw NotTheSdk.Called;

        public ConfigurationManager Configuration => throw NotTheSdk.Called;

        public IHostEnvironment Environment => throw NotTheSdk.Called;

        public ILoggingBuilder Logging => throw NotTheSdk.Called;

        public IMetricsBuilder Metrics => throw NotTheSdk.Called;

        public IServiceCollection Services => throw NotTheSdk.Called;

        public IHost Build() => throw NotTheSdk.Called;

        public void ConfigureContainer<TContainerBuilder>(IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null) where TContainerBuilder : notnull => throw NotTheSdk.Called;
    }

    public static class FunctionsApplicationBuilderAspNetCoreExtensions
    {
        public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder) => throw NotTheSdk.Called;
    }
}

namespace Microsoft.Azure.Functions.Worker.OpenTelemetry
{
    public static class FunctionsOpenTelemetryExtensions
    {
        public static IOpenTelemetryBuilder UseFunctionsWorkerDefaults(this IOpenTelemetryBuilder builder) => throw NotTheSdk.Called;
    }
}
