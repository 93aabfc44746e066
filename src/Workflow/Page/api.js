// Asks the API that the page came from. The key of a Functions app comes in the page's own address and goes on in a header; it is never shown.

const place = (() => {
  const path = location.pathname;
  const run = /^(.*)\/runs\/([^/]+)\/?$/.exec(path);
  return run ? { base: run[1], id: decoded(run[2]) } : { base: path.replace(/\/$/, ''), id: null };
})();

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

const key = new URLSearchParams(location.search).get('code');

const withKey = path => key == null ? path : `${path}${path.includes('?') ? '&' : '?'}code=${encodeURIComponent(key)}`;

const pageOf = id => withKey(id == null ? `${place.base}/` : `${place.base}/runs/${encodeURIComponent(id)}`);

const runPath = (id, rest = '') => `/api/runs/${encodeURIComponent(id)}${rest}`;

class ApiProblem extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? (status === 0 ? 'The host does not answer.' : `The host answered ${status}.`));
    this.status = status;
    this.code = problem?.code ?? (status === 401 ? 'unauthorized' : status === 0 ? 'unreachable' : 'unexpected-answer');
    this.hint = problem?.hint ?? (status === 401 ? 'Add ?code=KEY with a function key of the app to the address of this page.' : null);
    this.errors = problem?.errors ?? [];
  }
}

// How far the clock of the host is ahead of this one.
let clockAhead = 0;

const hostNow = () => Date.now() + clockAhead;

async function ask(path, { method = 'GET', headers = {}, signal } = {}) {
  let response;
  try {
    response = await fetch(place.base + path, { method, signal, cache: 'no-store', redirect: 'error', headers: key == null ? headers : { ...headers, 'x-functions-key': key } });
  } catch (failure) {
    if (signal?.aborted) throw failure;
    throw new ApiProblem(0, null);
  }
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (date && Math.abs(date - Date.now()) > 2000) clockAhead = date - Date.now();
  if (response.ok || response.status === 304) return response;
  throw new ApiProblem(response.status, await response.json().catch(() => null));
}

const askJson = async (path, options) => (await ask(path, options)).json();

const versions = new Map();

// The document, or null when it is the one that was there the last time.
async function askIfNew(path) {
  const known = versions.get(path);
  const response = await ask(path, { headers: known ? { 'If-None-Match': known } : {} });
  if (response.status === 304) return null;
  versions.set(path, response.headers.get('ETag'));
  return response.json();
}

// The lines of an answer as they come.
async function* linesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ''; ;) {
      const { done, value } = await reader.read();
      if (done) { if (rest) yield rest; return; }
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      yield* lines;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const pause = ms => new Promise(done => setTimeout(done, ms));

// Tells each version of the run's record until the run has ended: by its events, or by asking again where they do not come through.
async function follow(id, onRecord, onState) {
  const silence = 5000, interval = 2000, pollsBetween = 15;
  let last = '', ended = false;
  const hear = record => { ended = record.summary != null; onRecord(record); };
  while (!ended) {
    try {
      const gone = new AbortController();
      let timer = setTimeout(() => gone.abort(), silence);
      const response = await ask(runPath(id, '/events'), { headers: { Accept: 'text/event-stream', ...(last ? { 'Last-Event-ID': last } : {}) }, signal: gone.signal });
      if (response.status === 204) return hear(await askJson(runPath(id)));
      for await (const line of linesOf(response)) {
        clearTimeout(timer);
        // A comment comes every 15 seconds when nothing else does.
        timer = setTimeout(() => gone.abort(), silence * 4);
        onState('live');
        if (line.startsWith('id: ')) last = line.slice(4);
        else if (line.startsWith('data: ')) hear(JSON.parse(line.slice(6)));
      }
      clearTimeout(timer);
    } catch (failure) {
      if (failure instanceof ApiProblem && failure.status !== 0 && failure.status < 500 && failure.status !== 429) throw failure;
    }
    for (let polls = 0, isBack = false; !ended && !isBack && polls < pollsBetween; polls++) {
      try {
        const record = await askIfNew(runPath(id));
        // A host that comes back may have its events again.
        isBack = run.connection === 'offline';
        onState('polling');
        if (record) hear(record);
      } catch (failure) {
        if (failure.status !== 0 && failure.status < 500 && failure.status !== 429) throw failure;
        onState('offline');
      }
      if (!ended) await pause(interval);
    }
  }
}
