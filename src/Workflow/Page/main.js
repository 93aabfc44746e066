// Puts the page together and keeps it up to date.

function connection(state, words) {
  if (run.connection !== state) changed();
  run.connection = state;
  if (state === 'live' || state === 'polling') {
    run.heardAt = hostNow();
    if (run.actionProblem?.status === 0) run.actionProblem = null;
  }
  const node = document.getElementById('connection');
  node.dataset.state = state;
  if (node.textContent !== words) node.textContent = words;
}

const themes = ['system', 'light', 'dark'];
const prefersDark = matchMedia('(prefers-color-scheme: dark)');

function theme(choice) {
  document.documentElement.dataset.theme = choice === 'system' ? (prefersDark.matches ? 'dark' : 'light') : choice;
  const button = document.getElementById('theme');
  set(button, icon(choice, 16), el('span', { class: 'unseen' }, `Theme: ${choice}`));
  button.title = `Theme: ${choice}`;
  repaint();
}

function chooseTheme() {
  let choice = themes.includes(kept.get('fanfold.theme')) ? kept.get('fanfold.theme') : 'system';
  theme(choice);
  prefersDark.addEventListener('change', () => theme(choice));
  document.getElementById('theme').addEventListener('click', () => {
    choice = themes[(themes.indexOf(choice) + 1) % themes.length];
    kept.set('fanfold.theme', choice);
    theme(choice);
  });
}

function layOut(main) {
  const partitions = tableView({ title: 'Every partition', one: 'partition', columns: taskColumns('partition'), items: () => isShared() ? [] : known() });
  const found = tableView({ title: 'Partitions of the result', one: 'partition', columns: foundColumns, items: () => run.found ?? [] });
  const slices = tableView({ title: 'Every slice', one: 'slice', columns: taskColumns('slice'), items: () => isShared() ? known() : [] });
  const tasks = () => isShared() ? slices : partitions;
  const [notice, state] = headerView();
  set(main, notice, state, countersView(), errorsView((...filter) => tasks().only(...filter)), el('div', { class: 'pair' }, heatmapView(index => tasks().choose(index)), funnelView()), el('div', { class: 'pair' }, timelineView(), planView()), resultView(), partitions.root, found.root, slices.root);
  let foot = '';
  views.push(() => {
    const { health, plan } = run;
    // Drawn anew only when it says something else, so that the focus stays.
    const now = JSON.stringify([health, plan == null, run.record?.summary?.output]);
    if (now === foot) return;
    foot = now;
    set(document.getElementById('foot'), health ? el('span', {}, `Fanfold ${plain(health.version)}`) : null, health ? el('span', {}, `worker: ${plain(health.worker)}`) : null, run.record?.summary?.output ? el('span', {}, 'result ', el('code', {}, foreign(run.record.summary.output))) : null,
      run.savedAt ? null : el('a', { href: withKey(`${place.base}${runPath(run.id)}`) }, 'as JSON'), run.savedAt || !plan ? null : el('a', { href: withKey(`${place.base}${runPath(run.id, '/plan')}`) }, 'plan as JSON'),
      run.savedAt || !run.record?.summary?.output ? null : el('a', { href: withKey(`${place.base}${runPath(run.id, '/manifest')}`) }, 'manifest as JSON'));
  });
}

function hear(record) {
  // What was said of an earlier drive comes late.
  if (run.record && record.redrive < run.record.redrive && record.startedAt <= run.record.startedAt) return;
  if (run.record && record.redrive !== run.record.redrive) {
    run.partitions.length = 0;
    run.version++;
    run.preview = run.found = null;
  }
  run.record = record;
  changed();
  refresh();
}

let refreshing = null, isWanted = false;

// One at a time; the last wish counts, and no more of the host's time than a fifth goes into it.
function refresh() {
  isWanted = true;
  refreshing ??= (async () => {
    while (isWanted) {
      isWanted = false;
      let mayCome = false;
      const began = performance.now();
      const record = run.record;
      try {
        const partitions = run.partitions.length === 0 ? loadPartitions() : refreshPartitions();
        if (!isPlanned(record)) await partitions;
        if (isPlanned(record) && (!run.plan || run.plan.drive !== record.redrive) && await loadPlan()) run.plan.drive = record.redrive;
        await partitions;
        if (record.summary && isStale(record.summary)) await loadPartitions();
        // Where the manifest is gone, the result is, and its card says so.
        if (record.summary?.output && isShared() && run.found == null) await loadFound().catch(() => {});
        if (record.summary?.output && run.preview == null) await loadPreview().catch(failure => { run.previewProblem = failure.message; changed(); });
        if (run.dataProblem) { run.dataProblem = null; changed(); }
      } catch (failure) {
        // What a host can't give now it may give the next time.
        mayCome = isPassing(failure);
        isWanted ||= mayCome;
        // Of a host that does not answer, or has the run no more, the record's own requests tell.
        run.dataProblem = failure.status === 0 || failure.code === 'run-not-found' ? null : failure;
        changed();
      }
      if (mayCome) await pause(2000);
      if (!hasEnded()) await pause(Math.max(1000, 4 * (performance.now() - began)));
    }
    refreshing = null;
  })();
}

// Whether there is a plan to ask for.
const isPlanned = ({ summary, progress }) => run.partitions.length > 0 || summary?.tasks.total > 0 || progress?.tasksTotal > 0;

// A try that failed may have been followed by one that did not.
const isStale = ({ tasks }) => sums().sum.done !== tasks.succeeded || sums().by.failed !== tasks.failed;

const isPassing = failure => failure instanceof ApiProblem && (failure.status === 0 || failure.status >= 500 || failure.status === 429 || failure.status === 408);

let watching = false, wake = null;

// Looks again after a while, or when somebody on this page does something.
const rest = ms => new Promise(done => { wake = done; setTimeout(done, ms); });

// An ended run may be redriven from elsewhere, and one that was purged be begun anew.
async function watch() {
  wake?.();
  if (watching) return;
  watching = true;
  for (;;) {
    try {
      for (let times = 0; !hasEnded(); times++) {
        if (times > 0) await pause(500);
        await follow(run.id, heard, state => connection(state, { live: 'live', polling: 'asking every 2 s', offline: 'not connected' }[state]));
      }
      connection('live', 'up to date');
      while (hasEnded()) await lookAgain();
    } catch (failure) {
      run.problem = failure;
      connection('gone', failure.code === 'run-not-found' ? 'purged' : 'refused');
      changed();
      await rest(10000);
      await askJson(runPath(run.id)).then(begunAnew, () => {});
    }
  }
}

function heard(record) {
  run.problem = null;
  hear(record);
}

function begunAnew(record) {
  versions.clear();
  if (record.startedAt !== run.record.startedAt) Object.assign(run, { record: null, plan: null, preview: null, found: null, partitions: [], version: run.version + 1 });
  heard(record);
}

async function lookAgain() {
  await rest(10000);
  if (document.hidden || !hasEnded()) return;
  try {
    const record = await askIfNew(runPath(run.id));
    connection('live', 'up to date');
    if (record && JSON.stringify(record) !== JSON.stringify(run.record)) heard(record);
  } catch (failure) {
    if (!isPassing(failure)) throw failure;
    connection('offline', 'not connected');
  }
}

async function main() {
  const main = document.getElementById('main');
  document.getElementById('home').setAttribute('href', savedData ? '#main' : pageOf(null));
  chooseTheme();
  if (savedData) {
    openReport(savedData);
    layOut(main);
    changed();
    return;
  }
  if (place.id == null) { listView(main); return; }
  set(document.getElementById('where'), el('a', { href: pageOf(null) }, 'Runs'), ' / ', el('span', { class: 'mono' }, foreign(place.id)));
  document.title = `${plain(place.id)} · Fanfold`;
  layOut(main);
  changed();
  askJson('/api/health').then(health => { run.health = health; changed(); }, () => {});
  while (run.record == null) {
    try {
      const record = await askJson(runPath(run.id));
      run.problem = null;
      hear(record);
    } catch (failure) {
      run.problem = failure;
      changed();
      // A run may be asked for before it is started, and a host may come back.
      const mayCome = failure.code === 'run-not-found' || failure.status === 0 || failure.status >= 500;
      connection('offline', mayCome ? 'looking again' : '');
      if (!mayCome) return;
      await pause(2000);
    }
  }
  watch();
}

main();
