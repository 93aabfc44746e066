using Fanfold.Tests;

namespace Fanfold.Workflow.Tests.Storage;

public class AzuriteTests
{
    [Fact]
    public void PackageLock_NamesNoRegistry() =>
        Assert.DoesNotContain("\"resolved\"", File.ReadAllText(AzuriteInstall.LockFile), StringComparison.Ordinal);
}
