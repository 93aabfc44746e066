using Fanfold.Tests;

[assembly: AssemblyFixture(typeof(Azurite))]
