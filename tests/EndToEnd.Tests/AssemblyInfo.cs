using Xunit.Sdk;
using Xunit.v3;

// Each run starts a worker a core; several at once would only wait for each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
