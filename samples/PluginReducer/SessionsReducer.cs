using Fanfold.Engine.Columns;
using Fanfold.Engine.Reduce.Plugins;

namespace PluginReducer;

/// <summary>
/// The sessions of each vehicle: trips of which each begins at most half an hour after the one before it. Which trips make a session depends on their
/// order in time, so no aggregate can say it.
/// </summary>
public sealed class SessionsReducer : IReducer<Sessions>
{
    const int Vehicle = 0, Pickup = 1;

    static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(30);

    public string Name => "sessions";

    public string Version => "1.0";

    public IReadOnlyList<ReducerInput> Inputs => [new("vehicle", InputForm.Int64), new("pickup", InputForm.Timestamp)];

    public IReadOnlyList<Field> Outputs(IReadOnlyList<Field> inputs) =>
        [new("vehicle", DataType.Int64), new("started", inputs[Pickup].Type), new("ended", inputs[Pickup].Type), new("trips", DataType.Int64)];

    public Sessions Create(ReducerContext context) => new(Ticks(LongestPause, context.Inputs[Pickup].Type.Unit), context.Memory);

    public void Accumulate(ref Sessions state, InputBatch batch)
    {
        var vehicles = batch.Int64s(Vehicle);
        var pickups = batch.Ticks(Pickup);
        for (var row = 0; row < batch.Rows; row++)
        {
            if (!batch.IsNull(Vehicle, row) && !batch.IsNull(Pickup, row)) state.Add(vehicles[row], new Session(pickups[row], pickups[row], 1));
        }
    }

    public void Merge(ref Sessions state, Sessions later) => state.Add(later);

    public void Finish(Sessions state, ReducerOutput output)
    {
        foreach (var (vehicle, session) in state.InOrder())
        {
            output.Append(0, vehicle);
            output.Append(1, session.Started);
            output.Append(2, session.Ended);
            output.Append(3, session.Trips);
        }
    }

    static long Ticks(TimeSpan time, TimeUnit unit) => unit switch
    {
        TimeUnit.Millis => (long)time.TotalMilliseconds,
        TimeUnit.Micros => (long)time.TotalMicroseconds,
        _ => (long)time.TotalNanoseconds,
    };
}
