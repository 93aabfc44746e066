// Each run starts a worker a core; several at once would only wait for each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
