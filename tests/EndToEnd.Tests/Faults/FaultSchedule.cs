namespace Fanfold.EndToEnd.Tests.Faults;

enum Fault
{
    None,
    /// <summary>503 without any effect.</summary>
    Busy,
    /// <summary>429 without any effect, with the wish to wait for a second.</summary>
    TooMany,
    /// <summary>500 without any effect.</summary>
    ServerError,
    /// <summary>500 after the effect.</summary>
    ServerErrorAfter,
    /// <summary>The connection breaks before the request arrives.</summary>
    Reset,
    /// <summary>The connection breaks after the request took effect.</summary>
    LostReply,
    /// <summary>The connection breaks in the middle of the body.</summary>
    HalfBody,
    /// <summary>No answer until the client gives up.</summary>
    Hang,
    /// <summary>The body stops in the middle until the client gives up.</summary>
    HangingBody,
    FlippedRequest,
    FlippedReply,
}

/// <summary>Which requests meet a fault, and which fault: a function of the seed and of the order in which the requests come.</summary>
/// <param name="maxGap">The most requests from one fault to the next.</param>
/// <param name="hangs">How often a client may be kept waiting.</param>
/// <param name="outage">The request from which on all meet the same fault; null for no such end.</param>
sealed class FaultSchedule(int seed, int maxGap, int hangs, (int From, Fault Fault)? outage)
{
    static readonly Fault[] Always = [Fault.Busy, Fault.TooMany, Fault.ServerError, Fault.ServerErrorAfter, Fault.Reset, Fault.LostReply];

    readonly Random _random = new(seed);
    readonly Dictionary<Fault, int> _met = [];
    int _gap = 2, _requests, _hangs = hangs;

    public int Faults
    {
        get
        {
            lock (_random) return _met.Values.Sum();
        }
    }

    public int Count(Fault fault)
    {
        lock (_random) return _met.GetValueOrDefault(fault);
    }

    public override string ToString()
    {
        lock (_random) return $"{_requests} requests, {string.Join(", ", _met.Select(met => $"{met.Value} {met.Key}"))}";
    }

    public Fault Next(RawMessage request)
    {
        lock (_random)
        {
            return ++_requests >= outage?.From ? outage.Value.Fault : --_gap > 0 ? Fault.None : Pick(request);
        }
    }

    /// <summary>A request has met a fault. That there was nothing to do it to, the schedule can't know before.</summary>
    public void Meet(Fault fault)
    {
        lock (_random) _met[fault] = _met.GetValueOrDefault(fault) + 1;
    }

    /// <summary>A bit of a body of so many bytes.</summary>
    public int PickBit(int bytes)
    {
        lock (_random) return _random.Next(bytes * 8);
    }

    Fault Pick(RawMessage request)
    {
        _gap = _random.Next(2, maxGap + 1);
        // Nothing but TLS guards a listing against other bytes.
        var isRead = request.Method == "GET" && request.HasHeader("x-ms-range");
        Fault[] fitting =
        [
            .. Always,
            .. isRead ? (Fault[])[Fault.HalfBody, Fault.FlippedReply, Fault.FlippedReply, Fault.FlippedReply] : [],
            .. request.Body.Length > 0 ? (Fault[])[Fault.FlippedRequest, Fault.FlippedRequest] : [],
            .. _hangs > 0 ? (Fault[])[Fault.Hang, isRead ? Fault.HangingBody : Fault.Hang] : [],
        ];
        var fault = fitting[_random.Next(fitting.Length)];
        if (fault is Fault.Hang or Fault.HangingBody) _hangs--;
        return fault;
    }
}
