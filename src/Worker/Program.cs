return await Fanfold.Worker.WorkerHost.RunAsync(args);
