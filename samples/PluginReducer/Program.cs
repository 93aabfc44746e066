using Fanfold.Engine.Reduce.Plugins;
using Fanfold.Worker;
using PluginReducer;

return await WorkerHost.RunAsync(args, new ReducerSet { new SessionsReducer() });
