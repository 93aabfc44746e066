namespace Fanfold.Benchmarks;

/// <param name="Small">A size that takes seconds.</param>
/// <param name="Check">Verify each answer.</param>
sealed record BenchmarkOptions(bool Small, bool Check);
