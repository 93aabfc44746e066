namespace Fanfold.Benchmarks;

/// <param name="Small">A size that takes seconds.</param>
/// <param name="Check">Verify each answer.</param>
/// <param name="Rounds">How often the whole commands that are compared run, each in turn.</param>
sealed record BenchmarkOptions(bool Small, bool Check, int Rounds);
