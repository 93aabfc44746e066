// What the page knows of its run, and what follows from it.

const run = {
  id: place.id, record: null, plan: null, health: null, savedAt: null,
  problem: null,    // of the record; of the rest, and of what was asked for by a button, below
  dataProblem: null,
  actionProblem: null,
  connection: '',   // live, polling or offline
  heardAt: null,    // when the host last answered, by its clock
  seenAt: null,     // when the partitions were last asked for
  partitions: [],   // or the slices of a shared scan, by index; a hole is not known yet
  version: 0,       // of the partitions
  preview: null,    // { rows, columns, more }
  found: null,      // the partitions that a shared scan found
  notice: null,
};

// Of one request when all are read, and when those are read that may have changed.
const mostOfPage = 10000, pageSize = 500;

const views = [];

let isDue = false;

// Draws what has changed, at most once a frame.
function changed() {
  if (isDue) return;
  isDue = true;
  const draw = () => { isDue = false; for (const view of views) view(); };
  if (document.hidden) setTimeout(draw, 250); else requestAnimationFrame(draw);
}

const hasEnded = () => run.record?.summary != null;

const total = () => Math.max(run.record?.summary?.tasks.total ?? run.plan?.tasks ?? run.record?.progress?.tasksTotal ?? 0, run.partitions.length);

const isShared = () => (run.plan?.strategy ?? run.record?.summary?.strategy) === 'sharedScan';

// What a task is.
const unit = () => isShared() ? 'slice' : 'partition';

const called = value => isShared() ? plain(value) : `partition ${valueText(value)}`;

const known = () => run.partitions.filter(item => item);

let counted = { version: -1 };

// Tasks by status, and sums over those that are done.
function sums() {
  if (counted.version === run.version && counted.total === total()) return counted;
  const by = { pending: 0, running: 0, succeeded: 0, empty: 0, failed: 0 };
  const sum = { rowGroups: 0, rowsDecoded: 0, rowsInPartition: 0, rowsSelected: 0, rowsOut: 0, bytesRead: 0, peak: 0, requests: 0, retried: 0, reused: 0, done: 0, spilled: 0, split: 0, bytesToRead: 0, bytesPruned: 0 };
  for (const item of known()) {
    by[item.status] = (by[item.status] ?? 0) + 1;
    if (isReused(item)) sum.reused++;
    if (item.attempt > 1) sum.retried++;
    if (item.scratchBytes) sum.spilled++;
    if (item.pieces) sum.split++;
    sum.peak = Math.max(sum.peak, item.peakMemory ?? 0);
    if (item.status !== 'succeeded' && item.status !== 'empty') continue;
    sum.done++;
    sum.rowGroups += item.rowGroups;
    for (const name of ['rowsDecoded', 'rowsSelected', 'rowsOut', 'bytesRead', 'bytesToRead', 'bytesPruned', 'requests']) sum[name] += item[name] ?? 0;
    sum.rowsInPartition += item.rowsIn ?? 0;
  }
  by.pending += Math.max(0, total() - known().length);
  return counted = { version: run.version, total: total(), by, sum };
}

const startOf = item => item.startedAt == null ? null : Date.parse(item.startedAt);

const driveStart = () => run.record ? Date.parse(run.record.startedAt) : null;

// Whether an earlier drive did it, or another run whose states were kept. Clocks of hosts differ by a bit.
const isReused = item => item.startedAt != null && startOf(item) < driveStart() - 2000;

const waitOf = item => item.startedAt == null || isReused(item) ? null : Math.max(0, startOf(item) - driveStart());

const pending = new Set(['pending', 'running']);

// The partitions from one on, as many as a page has; the place where the next begins, or null at the end.
async function loadFrom(first, size) {
  const { redrive } = run.record, at = hostNow();
  const { value, nextLink } = await askJson(runPath(run.id, `/partitions?maxPageSize=${size}${first > 0 ? `&continuation=${first - 1}` : ''}`));
  // Another drive has begun meanwhile, and its partitions are asked for anew.
  if (run.record.redrive !== redrive) return null;
  run.seenAt = at;
  for (const item of value) run.partitions[item.index] = item;
  run.version++;
  changed();
  return nextLink == null || value.length === 0 ? null : value.at(-1).index + 1;
}

async function loadPartitions() {
  for (let first = 0; first != null;) first = await loadFrom(first, mostOfPage);
}

// What may have changed: tasks are begun in their order, so behind a page of which none has begun nothing has.
async function refreshPartitions() {
  const pages = Math.max(1, Math.ceil(total() / pageSize));
  // One request for as many as the record says have been done since.
  const { by } = sums();
  const behind = Math.max(0, (run.record.progress?.tasksDone ?? 0) - by.succeeded - by.empty - by.failed);
  const atOnce = Math.min(mostOfPage / pageSize, 1 + Math.ceil(behind / pageSize));
  for (let page = 0; page < pages; page++) {
    const items = run.partitions.slice(page * pageSize, (page + 1) * pageSize);
    const isWhole = items.length === Math.min(pageSize, total() - page * pageSize) && items.every(item => item);
    if (isWhole && items.every(item => !pending.has(item.status))) continue;
    await loadFrom(page * pageSize, pageSize * atOnce);
    page += atOnce - 1;
    if (run.partitions.slice(page * pageSize, (page + 1) * pageSize).every(item => item.status === 'pending')) return;
  }
}

async function loadFound() {
  const { partitions } = await askJson(runPath(run.id, '/manifest'));
  run.found = partitions.map((item, index) => ({ ...item, index }));
  run.version++;
  changed();
}

// False while there is none.
async function loadPlan() {
  try {
    const plan = await askIfNew(runPath(run.id, '/plan'));
    if (plan) run.plan = plan;
    changed();
    return true;
  } catch (failure) {
    if (failure.code !== 'not-planned') throw failure;
    return false;
  }
}

const previewRows = 100, chartRows = 2000, previewBytes = 2 << 20;

// The first rows; the rest of the answer is left unread.
async function loadPreview() {
  const rows = [];
  let read = 0, more = false;
  const gone = new AbortController();
  try {
    for await (const line of linesOf(await ask(runPath(run.id, '/result?format=json'), { signal: gone.signal }))) {
      read += line.length;
      if (rows.length >= chartRows || read > previewBytes) { more = line !== ']'; break; }
      if (line.length > 1 && line !== '[]') rows.push(exactly(line.replace(/,$/, '')));
    }
  } finally {
    gone.abort();
  }
  const columns = run.plan?.resultColumns?.map(column => column.name) ?? Object.keys(rows[0]?.value ?? {});
  run.previewProblem = null;
  run.preview = { columns, rows: rows.map(row => columns.map(name => cell(row, name))), more };
  changed();
}

// A row with the spelling of those numbers that a double does not hold.
function exactly(json) {
  const texts = new Map();
  const value = JSON.parse(json, (name, value, context) => {
    if (typeof value === 'number' && context?.source != null && String(value) !== context.source) texts.set(name, context.source);
    return value;
  });
  return { value, texts };
}

const cell = (row, name) => ({ value: Object.hasOwn(row.value, name) ? row.value[name] : null, text: row.texts.get(name) ?? null });
