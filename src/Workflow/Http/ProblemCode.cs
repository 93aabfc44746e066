namespace Fanfold.Workflow.Http;

/// <summary>A code of a <see cref="Problem"/>; it never changes its meaning.</summary>
public sealed record ProblemCode(string Code, int Status, string Meaning)
{
    /// <summary>Every code that there is, by status.</summary>
    public static IReadOnlyList<ProblemCode> All { get; } =
    [
        new("bad-request", 400, "The body is not as HTTP has it."),
        new("invalid-header", 400, "A header has a value that it can't have."),
        new("invalid-query", 400, "A query parameter has a value that it can't have."),
        new("invalid-run-id", 400, "A run id has 1 to 100 lower-case letters, digits, - and _."),
        new("spec-refused", 400, "The spec is not valid, or does not fit the source; errors has every reason with its JSON pointer."),
        new("origin-refused", 403, "fanfold serve answers to pages of this machine only."),
        new("not-planned", 404, "The run has no plan yet, or could not be planned."),
        new("route-not-found", 404, "There is nothing at this address."),
        new("run-not-found", 404, "There is no run of this id."),
        new("method-not-allowed", 405, "The address does not take this method; the header Allow names those that it takes."),
        new("request-timeout", 408, "The body did not come in time."),
        new("input-changed", 409, "What was being read has been replaced meanwhile."),
        new("invalid-path", 409, "The store can't have an object of this path."),
        new("newer-version", 409, "A newer version of fanfold wrote the run's state."),
        new("no-result", 409, "The run has not ended, or it ended without a result."),
        new("output-conflict", 409, "Another run wrote the same objects meanwhile."),
        new("run-finished", 409, "The run has ended, so it can't be cancelled."),
        new("run-id-conflict", 409, "The run id belongs to another spec."),
        new("state-corrupt", 409, "The run's state is damaged."),
        new("result-replaced", 410, "The result was removed, or another run wrote its own there."),
        new("too-large", 413, "The body has more bytes than are read."),
        new("unsupported-media-type", 415, "The body is not declared as uncompressed JSON in UTF-8."),
        new("range-not-satisfiable", 416, "The range lies outside of the result."),
        new("host-refused", 421, "fanfold serve answers to localhost, 127.0.0.1 and [::1] only."),
        new("result-too-wide", 422, "A row of the result needs more memory than a conversion may take."),
        new("source-refused", 422, "The source can't be planned: a file is damaged, encrypted or of another kind; errors names it."),
        new("bug", 500, "A defect of fanfold; the host's log has more under the trace id."),
        new("result-damaged", 500, "The stored result has other bytes than were written."),
        new("access-denied", 503, "A store refuses the host's identity."),
        new("busy", 503, "As many results are being converted, or specs planned, as may be at once."),
        new("storage-unreachable", 503, "A store does not answer."),
        new("store-not-found", 503, "A store's container or folder is not there."),
        new("storage-full", 507, "A store has no room left."),
    ];

    /// <summary>Those that any route may give.</summary>
    public static IReadOnlyList<string> OfAllRoutes { get; } =
    [
        "bad-request", "origin-refused", "route-not-found", "method-not-allowed", "input-changed", "invalid-path", "newer-version", "output-conflict", "state-corrupt", "host-refused", "bug", "access-denied", "storage-unreachable",
        "store-not-found", "storage-full",
    ];
}
