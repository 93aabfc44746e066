using Xunit.Sdk;
using Xunit.v3;

// A child process that begins while a test writes a file holds it open for a moment, and a program that is held so can't be started.
[assembly: Parallelization(Mode = ParallelMode.None)]
