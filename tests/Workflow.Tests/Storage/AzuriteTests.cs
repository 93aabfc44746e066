using Fanfold.Tests;

namespace Fanfold.Workflow.Tests.Storage;

public class AzuriteTests
{
    [Theory]
    [InlineData("azurite")]
    [InlineData("axe")]
    public void PackageLock_NamesNoRegistry(string folder) =>
        Assert.DoesNotContain("\"resolved\"", File.ReadAllText(new NpmInstall(folder).LockFile), StringComparison.Ordinal);
}
