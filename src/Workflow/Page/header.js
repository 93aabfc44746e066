// The state of the run, its times, what can be done with it, and its counters.

const samples = [];

// Remembers how far the run was when, for the remaining time.
function sample() {
  const progress = run.record?.progress;
  // Of a time in which nothing went on, or nothing was heard, no pace is made.
  if (hasEnded() || run.record.stalled || run.connection === 'offline' || !progress?.tasksTotal) { samples.length = 0; return; }
  const last = samples.at(-1);
  if (last && (progress.tasksDone < last.done || run.record.redrive !== last.redrive)) samples.length = 0;
  if (last?.done !== progress.tasksDone) samples.push({ at: Date.now(), done: progress.tasksDone, redrive: run.record.redrive });
  while (samples.length > 2 && samples[0].at < Date.now() - 60000) samples.shift();
}

// Null until it can be told.
function remaining() {
  const progress = run.record?.progress;
  const [first, last] = [samples[0], samples.at(-1)];
  if (run.connection === 'offline' || run.record?.stalled || !first || last.done <= first.done || last.at <= first.at || !progress || progress.phase !== 'running') return null;
  const rate = (last.done - first.done) / (last.at - first.at);
  return { ms: Math.max(0, (progress.tasksTotal - last.done) / rate - (Date.now() - last.at)), rate: rate * 1000 };
}

function headerView() {
  const badge = el('div', { class: 'badge' }), word = el('span'), id = el('span', { class: 'id' }), times = el('div', { class: 'times' }), actions = el('div', { class: 'actions' });
  const elapsed = el('b', { class: 'tabular' }), left = el('span'), silence = el('span', { class: 'of-succeededWithFailures' }), notice = el('div', { 'aria-live': 'polite' });
  const track = el('div', { class: 'track', role: 'img' }), aloud = el('p', { class: 'unseen', role: 'status' });
  const copy = el('button', { type: 'button', class: 'plain small', 'aria-label': 'Copy the run id', title: 'Copy the run id', on: { click: () => navigator.clipboard.writeText(run.id).then(() => say('The run id is copied.'), () => say('This browser does not let the page copy.')) } }, icon('copy', 14));
  const cancel = el('button', { type: 'button', class: 'danger', on: { click: () => sure('Cancel this run?', 'Its workers end at once. What is done is kept, and a redrive goes on from there.', 'Cancel the run', () => act('cancel')) } }, icon('stop', 14), 'Cancel');
  const redrive = el('button', { type: 'button', class: 'first', on: { click: () => act('redrive') } }, icon('again', 14), 'Redrive');
  const report = el('button', { type: 'button', on: { click: () => guarded(saveReport) } }, icon('save', 14), 'Save as one file');
  actions.append(redrive, cancel, report);
  const root = el('section', { class: 'card', 'aria-label': 'State' },
    el('div', { class: 'state' }, aloud, badge, el('div', {}, el('h1', {}, word, el('span', {}, id, ' ', run.savedAt ? null : copy)), times), actions), track);
  let shown = null, told = '';

  views.push(() => {
    const { record } = run;
    root.hidden = record == null;
    tellNotices();
    if (!record) return;
    sample();
    const { by } = sums();
    const status = record.stalled ? 'stalled' : record.status;
    if (shown !== status) {
      shown = status;
      badge.className = `badge of-${record.stalled ? 'succeededWithFailures' : status}`;
      set(badge, icon(record.stalled ? 'pending' : status, 24));
      set(word, sentence(statusWords[status] ?? status));
      // Who can't see the heading hears that the run has come to this.
      aloud.textContent = `Status: ${statusWords[status] ?? status}.`;
      document.title = `${statusWords[status] ?? status} · ${run.id} · Fanfold`;
    }
    set(id, foreign(run.id));
    const end = record.summary ? Date.parse(record.endedAt) : null;
    tick();
    const allowed = run.plan?.toleratedFailures;
    set(times, el('span', {}, end ? 'took ' : 'for ', elapsed), left, silence, allowed == null ? null : el('span', { class: by.failed > allowed ? 'of-failed' : by.failed ? 'of-succeededWithFailures' : null }, `${count(by.failed)} failed of ${count(allowed)} allowed`), el('span', {}, record.redrive ? `redrive ${record.redrive} began ` : 'started ', moment(record.startedAt), record.redrive ? '' : origins[record.startedBy] ?? ''),
      record.redrive && record.startedBy ? el('span', {}, 'first started', origins[record.startedBy] ?? '') : null,
      !record.summary ? el('span', {}, plain(record.progress?.phase ?? 'waiting to begin')) : record.summary.tasks.total > 0 ? el('span', {}, 'strategy ', plain(record.summary.strategy)) : null, el('span', { title: record.specHash }, 'spec ', el('code', {}, record.specHash.slice(0, 10))));
    const isGone = run.savedAt != null || run.problem?.code === 'run-not-found';
    cancel.hidden = hasEnded() || isGone;
    redrive.hidden = isGone || !(record.stalled || ['failed', 'cancelled', 'succeededWithFailures'].includes(record.status));
    report.hidden = run.savedAt != null;
    const parts = ['succeeded', 'empty', 'failed', 'running'].map(status => [status, by[status]]);
    for (const [status, n] of parts) {
      const bar = track.querySelector(`.fill-${status}`) ?? track.appendChild(el('span', { class: `fill-${status}` }));
      bar.hidden = n === 0;
      bar.style.width = `${100 * n / Math.max(1, total())}%`;
    }
    track.setAttribute('aria-label', `Of ${plural(total(), unit())}: ${parts.map(([status, n]) => `${count(n)} ${status}`).join(', ')}, ${count(by.pending)} pending.`);
  });

  function tellNotices() {
    const now = notices();
    const text = now.map(node => node.textContent).join('\n');
    if (text === told) return;
    told = text;
    set(notice, now);
  }

  // Time goes on between two events.
  function tick() {
    const { record } = run;
    if (!record) return;
    const end = record.summary ? Date.parse(record.endedAt) : run.savedAt ? Date.parse(run.savedAt) : hostNow();
    elapsed.textContent = duration(record.summary?.elapsedMs ?? end - Date.parse(record.startedAt));
    const eta = remaining();
    set(left, ...(eta && !run.savedAt ? ['about ', el('b', { class: 'tabular' }, duration(Math.ceil(eta.ms / 1000) * 1000)), ` left, at ${pace(eta.rate)}`] : []));
    left.hidden = !eta;
    const silent = hasEnded() || run.savedAt || !record.heartbeatAt ? 0 : hostNow() - Date.parse(record.heartbeatAt);
    silence.hidden = silent < 25000 || run.connection === 'offline';
    silence.textContent = `no sign of life for ${duration(silent)}`;
  }
  setInterval(() => { if (!hasEnded() && !run.savedAt) tick(); }, 1000);
  return [notice, root];
}

const pace = rate => rate >= 10 ? `${count(rate)} ${unit()}s a second` : rate >= 0.5 ? `${rate.toFixed(1)} ${unit()}s a second` : `${(rate * 60).toFixed(1)} ${unit()}s a minute`;

function notices() {
  const found = [];
  if (run.savedAt) found.push(el('p', { class: 'notice' }, el('b', {}, 'A saved report. '), `This is the run as it was on ${moment(run.savedAt)}; nothing is asked for.`));
  for (const problem of [run.problem, run.dataProblem, run.actionProblem]) {
    if (problem) found.push(el('p', { class: problem.code === 'run-not-found' ? 'notice' : 'notice failed' }, el('b', {}, plain(problem.code), ': '), foreign(problem.message), problem.code === 'run-not-found' ? (run.record ? ' Its state was purged; what is shown is the last that was seen.' : ' This page looks again every 2 seconds.') : problem.hint ? [' ', foreign(problem.hint)] : null));
  }
  if (run.connection === 'offline' && run.record && run.heardAt && !run.problem) found.push(el('p', { class: 'notice warned' }, el('b', {}, 'The host does not answer. '), `What is shown is as of ${moment(run.heardAt)}; this page goes on by itself once the host does.`));
  if (run.notice) found.push(el('p', { class: 'notice' }, run.notice));
  if (run.record?.stalled) found.push(el('p', { class: 'notice warned' }, el('b', {}, 'Nothing drives this run. '), `It last showed that it lives on ${moment(run.record.heartbeatAt ?? run.record.startedAt)}. It goes on when its host does, or with a redrive.`));
  return found;
}

const origins = { command: ' by the command', http: ' over HTTP', blob: ' by a file' };

const sentence = text => text[0].toUpperCase() + text.slice(1);

const isWide = () => matchMedia('(min-width: 641px)').matches;

function countersView() {
  const list = el('dl', { class: 'counters' });
  const root = el('section', { 'aria-label': 'Counters' }, list);
  let before = '';
  views.push(() => {
    const { record } = run;
    root.hidden = record == null;
    if (!record) return;
    const { by, sum } = sums();
    const summary = record.summary;
    const rows = summary ? summary.rowsOut : sum.rowsOut;
    // Slices tell nothing of single partitions until their states are merged.
    const found = isShared() && record.status === 'succeeded' ? summary.partitions : null;
    const { succeeded, empty, failed } = found ?? by;
    const values = [
      [found ? 'partitions' : `${unit()}s`, count(found?.total ?? total())], ['succeeded', count(succeeded), succeeded], ['empty', count(empty), empty], ['failed', count(failed), failed], ...(found ? [['slices', count(total())]] : []),
      ...(hasEnded() ? [] : [['running', count(by.running), by.running]]), ...(hasEnded() && by.pending === 0 ? [] : [['pending', count(by.pending), by.pending]]), ...(hasEnded() || sum.reused > 0 ? [['reused', count(sum.reused), sum.reused]] : []),
      ['rows in', ...brief(summary && summary.tasks.total === 0 ? null : summary?.rowsIn ?? run.plan?.rowsIn)], [hasEnded() ? 'rows out' : isShared() ? 'states' : 'rows in parts', ...brief(rows)], ['bytes read', bytes(known().length > 0 ? sum.bytesRead : record.progress?.bytesRead)],
      ['bytes pruned', bytes(run.plan?.bytesPruned ?? (summary?.tasks.total > 0 ? summary.bytesPruned : null))], ['peak memory', bytes((summary?.peakWorkerMemory || sum.peak) || null)],
    ];
    const now = JSON.stringify(values);
    if (now === before) return;
    before = now;
    set(list, values.map(([name, value, n, title]) => el('div', { class: n === 0 ? 'zero' : '', title }, el('dt', {}, name), el('dd', { class: name === 'failed' && n > 0 ? 'of-failed' : '' }, ...withUnit(value)))));
  });
  return root;
}

// Numbers too long for a counter are in its title.
const brief = n => n == null ? ['–', null] : n >= 1e7 ? [short.format(n), n, count(n)] : [count(n), n];

// The unit is said more quietly than the number.
function withUnit(value) {
  const [number, unit] = value.split(' ');
  return unit ? [number, ' ', el('small', {}, unit)] : [number];
}

async function act(verb) {
  await guarded(async () => {
    heard(await askJson(runPath(run.id, `/${verb}`), { method: 'POST' }));
    watch();
  });
}

async function guarded(action) {
  try {
    await action();
    run.actionProblem = null;
  } catch (failure) {
    run.actionProblem = failure;
  }
  changed();
}

function sure(question, text, word, action) {
  const close = () => { dialog.close(); dialog.remove(); };
  const dialog = el('dialog', { 'aria-label': question }, el('h2', {}, question), el('p', { class: 'soft' }, text),
    el('div', { class: 'actions' }, el('button', { type: 'button', on: { click: close } }, 'Keep it running'), el('button', { type: 'button', class: 'danger', on: { click: () => { close(); action(); } } }, word)));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

let forgetting;

function say(text) {
  run.notice = text;
  clearTimeout(forgetting);
  forgetting = setTimeout(() => { run.notice = null; changed(); }, 4000);
  changed();
}
