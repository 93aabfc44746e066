namespace Fanfold.Engine.Tests;

/// <summary>Set <c>FANFOLD_SOAK=1</c> for twenty times the random cases.</summary>
static class Soak
{
    static readonly int Factor = Environment.GetEnvironmentVariable("FANFOLD_SOAK") == "1" ? 20 : 1;

    public static int Cases(int usual) => usual * Factor;
}
