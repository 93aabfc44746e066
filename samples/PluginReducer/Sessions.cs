using Fanfold.Engine;

namespace PluginReducer;

/// <summary>Trips that follow each other; times in the unit of the source.</summary>
public readonly record struct Session(long Started, long Ended, long Trips);

/// <summary>
/// The sessions of some trips, taken in in any order: a trip joins all sessions that it is near enough to, which makes one of them. What comes out depends
/// on the trips alone, so rows may be cut anywhere and states merged.
/// </summary>
/// <param name="longestPause">Trips this far apart, or nearer, are of one session.</param>
public sealed class Sessions(long longestPause, MemoryAccount memory)
{
    /// <summary>About what a session and its share of the lists take, in bytes.</summary>
    const int SessionSize = 64;

    /// <summary>By vehicle, ascending, further apart than <c>longestPause</c>.</summary>
    readonly Dictionary<long, List<Session>> _vehicles = [];

    public void Add(long vehicle, Session added)
    {
        if (!_vehicles.TryGetValue(vehicle, out var sessions)) _vehicles.Add(vehicle, sessions = []);
        var from = FirstNear(sessions, added.Started);
        var to = from;
        for (; to < sessions.Count && !IsApart(added.Ended, sessions[to].Started); to++)
            added = new Session(Math.Min(added.Started, sessions[to].Started), Math.Max(added.Ended, sessions[to].Ended), added.Trips + sessions[to].Trips);
        if (to == from)
        {
            memory.Charge(SessionSize);
            sessions.Insert(from, added);
            return;
        }
        sessions[from] = added;
        sessions.RemoveRange(from + 1, to - from - 1);
        memory.Release((to - from - 1) * SessionSize);
    }

    public void Add(Sessions other)
    {
        foreach (var (vehicle, sessions) in other._vehicles)
        {
            foreach (var session in sessions) Add(vehicle, session);
            memory.Release(sessions.Count * SessionSize);
        }
    }

    /// <summary>By vehicle and time: the order of a dictionary would be nobody's.</summary>
    public IEnumerable<(long Vehicle, Session Session)> InOrder() =>
        _vehicles.OrderBy(vehicle => vehicle.Key).SelectMany(vehicle => vehicle.Value, (vehicle, session) => (vehicle.Key, session));

    /// <summary>The first session that does not end too long before <paramref name="started"/>.</summary>
    int FirstNear(List<Session> sessions, long started)
    {
        int low = 0, high = sessions.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (IsApart(sessions[middle].Ended, started)) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    // The ends of the calendar are further apart than a long can tell.
    bool IsApart(long ended, long started) => (Int128)started - ended > longestPause;
}
