using Fanfold.Engine.Reduce.Plugins;
using Fanfold.PluginWorker;
using Fanfold.Worker;
using PluginReducer;

return await WorkerHost.RunAsync(args, new ReducerSet { new SessionsReducer(), new Counts(), new Throws(), new Hangs(), new WritesWrong(), new WritesUnequal(), new WritesThePartition(), new WritesNothing(), new Leaks(), new LeaksArrays(), new LeaksObjects(), new LeaksNatively(), new Prints() });
