// All runs, the newest first.

function listView(root) {
  // The API has them by id, so the newest are known when all are.
  const most = 20000, mostDrawn = 2000, pageOfRuns = 1000, interval = 5000;
  let runs = [], isWhole = true;
  const filter = { text: '', status: '' };
  const body = el('tbody'), shown = el('p', { class: 'shown', role: 'status' }), notice = el('div', { 'aria-live': 'polite' });
  const search = el('input', { type: 'search', placeholder: 'Run id', 'aria-label': 'Only runs whose id has this text', on: { input: () => { filter.text = search.value; draw(); } } });
  const status = el('select', { on: { change: () => { filter.status = status.value; draw(); } } }, el('option', { value: '' }, 'any status'), ['pending', 'running', 'succeeded', 'succeededWithFailures', 'failed', 'cancelled'].map(word => el('option', { value: word }, statusWords[word])));
  const view = card('Runs', { class: 'runs' }, el('div', { class: 'tools' }, search, el('label', { class: 'field' }, el('span', { class: 'unseen' }, 'Status'), status), shown),
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of runs' }, el('table', { 'aria-label': 'Runs' }, el('thead', {}, el('tr', {}, ['Run', 'Status', 'Started', 'Took', 'Progress'].map(word => el('th', { scope: 'col' }, el('span', {}, word))))), body)));
  set(root, el('h1', { class: 'unseen' }, 'Runs'), notice, view.root);

  async function load() {
    const isFirst = runs.length === 0, found = [];
    try {
      let link = `/api/runs?maxPageSize=${pageOfRuns}`;
      do {
        const page = await askJson(link);
        found.push(...page.value);
        // The host may be known by another address here.
        link = page.nextLink ? '/api/runs' + new URL(page.nextLink).search : null;
        if (isFirst) { runs = found; draw(); }
      } while (link && found.length < most);
      [runs, isWhole] = [found, link == null];
      set(notice);
      connection('live', 'up to date');
    } catch (failure) {
      set(notice, el('p', { class: 'notice failed' }, el('b', {}, plain(failure.code ?? 'bug'), ': '), foreign(failure.message), failure.hint ? [' ', foreign(failure.hint)] : null));
      connection('offline', 'not connected');
    }
    draw();
  }

  function draw() {
    const all = runs.toSorted((a, b) => (Date.parse(b.startedAt ?? 0) || 0) - (Date.parse(a.startedAt ?? 0) || 0));
    const rows = all.filter(item => item.runId.includes(filter.text.toLowerCase().trim()) && (filter.status === '' || item.status === filter.status));
    const words = [rows.length === all.length ? plural(all.length, 'run') : `${count(rows.length)} of ${plural(all.length, 'run')}`, isWhole ? null : 'there are more, whose ids come behind', rows.length > mostDrawn ? `the newest ${count(mostDrawn)} are below` : null].filter(part => part).join('; ');
    // Said again only when it is something else: screen readers read aloud whatever is put here.
    if (shown.textContent !== words) set(shown, el('b', {}, words));
    const focused = document.activeElement?.closest?.('tbody') === body ? document.activeElement.getAttribute('href') : null;
    set(body, rows.slice(0, mostDrawn).map(item => el('tr', {}, el('td', {}, el('a', { href: pageOf(item.runId), class: 'mono' }, plain(item.runId))), el('td', {}, item.error ? el('span', { class: 'of-failed' }, plain(item.error.code)) : statusWord(item.status), item.stalled ? el('span', { class: 'soft' }, ' stalled') : null),
      el('td', { class: 'tabular' }, moment(item.startedAt)), el('td', { class: 'tabular' }, item.startedAt ? duration((item.endedAt ? Date.parse(item.endedAt) : hostNow()) - Date.parse(item.startedAt)) : '–'), el('td', {}, progressOf(item)))),
      rows.length === 0 ? el('tr', {}, el('td', { colspan: '5', class: 'soft' }, all.length === 0 ? 'There is no run yet. PUT /api/runs/{id} with a spec starts one, and so does fanfold run.' : 'No run is like that.')) : null);
    if (focused) [...body.querySelectorAll('a')].find(link => link.getAttribute('href') === focused)?.focus();
  }

  function progressOf({ progress, partitions }) {
    if (partitions) return partitions.total > 0 ? el('span', { class: 'tabular' }, `${count(partitions.total - partitions.failed)} of ${plural(partitions.total, 'partition')}`, partitions.failed ? el('span', { class: 'of-failed' }, `, ${count(partitions.failed)} failed`) : null) : '';
    if (!progress?.tasksTotal) return progress ? plain(progress.phase) : '';
    const meter = el('span', { class: 'meter', role: 'img', 'aria-label': `${count(progress.tasksDone)} of ${count(progress.tasksTotal)}` }, el('span'));
    meter.firstChild.style.width = `${100 * progress.tasksDone / progress.tasksTotal}%`;
    return [meter, ' ', el('span', { class: 'soft tabular' }, percent(progress.tasksDone, progress.tasksTotal))];
  }

  // No more of the host's time than a fifth goes into it.
  async function keepUp() {
    for (;;) {
      const began = performance.now();
      if (!document.hidden) await load();
      await pause(Math.max(interval, 4 * (performance.now() - began)));
    }
  }
  keepUp();
}
