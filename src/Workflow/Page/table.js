// Tasks, or the partitions of a result, as a table of which only the rows in sight are in the document.

// Of a partition, or of a slice, whose rows are states: groups over all partitions.
const taskColumns = one => [
  { name: 'value', title: sentence(one), width: 140, of: item => item.value, cell: item => valueOf(item.value) },
  { name: 'status', title: 'Status', width: 126, of: item => statuses.indexOf(item.status), cell: item => statusWord(item.status) },
  { name: 'attempt', title: 'Attempt', width: 74, of: item => item.attempt, cell: item => count(item.attempt) },
  { name: 'wait', title: 'Wait', width: 100, of: waitOf, cell: item => isReused(item) ? el('span', { class: 'soft' }, 'reused') : duration(waitOf(item)), hint: 'from the begin of the drive, its planning included' },
  { name: 'time', title: 'Run time', width: 100, of: item => item.elapsedMs, cell: item => duration(item.elapsedMs) },
  { name: 'groups', title: 'Row groups', width: 104, of: item => item.rowGroups, cell: item => [count(item.rowGroups), el('span', { class: 'soft' }, ` / ${count(item.rowGroups + item.rowGroupsPruned)}`)], hint: 'read, of all of the source' },
  { name: 'read', title: 'Read', width: 84, of: bytesOf, cell: item => bytes(bytesOf(item)), hint: 'bytes read' },
  { name: 'pruned', title: 'Pruned', width: 84, of: item => item.bytesPruned, cell: item => bytes(item.bytesPruned), hint: 'bytes of the columns in use that need not be read' },
  { name: 'in', title: 'Rows in', width: 88, of: item => item.rowsIn, cell: item => count(item.rowsIn), hint: one === 'slice' ? 'rows of its row groups, of the partitions of the run' : 'rows of the partition before where' },
  { name: 'out', title: one === 'slice' ? 'States' : 'Rows out', width: 82, of: item => item.rowsOut, cell: item => count(item.rowsOut), hint: one === 'slice' ? 'groups of all partitions that it found' : null },
  { name: 'memory', title: 'Peak memory', width: 124, of: item => item.peakMemory, cell: item => bytes(item.peakMemory) },
  { name: 'error', title: 'Error', of: item => item.error?.code, cell: item => item.error ? el('button', { type: 'button', class: 'plain whole', on: { click: () => tellError(item) } }, el('code', {}, plain(item.error.code)), ' ', foreign(item.error.message)) : '', text: true },
];

// What a failed task has read nobody has told.
const bytesOf = item => item.status === 'failed' ? item.bytesRead || null : item.bytesRead;

function tellError({ value, error }) {
  const dialog = el('dialog', { 'aria-label': 'Error' }, el('h2', {}, sentence(called(value))), el('p', {}, el('code', { class: 'of-failed' }, plain(error.code))), el('p', { class: 'message' }, foreign(error.message)), error.file ? el('p', { class: 'soft' }, 'file ', foreign(error.file)) : null,
    el('div', { class: 'actions' }, el('button', { type: 'button', on: { click: () => dialog.close() } }, 'Close')));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const foundColumns = [...taskColumns('partition').filter(({ name }) => ['value', 'status', 'in', 'out'].includes(name)).map(column => ({ ...column, width: column.name === 'value' ? null : 140 }))];

const isText = column => column.name === 'value' || column.name === 'status' || column.text;

// Numbers by size and before text, text by its letters, what is not there last.
function compare(a, b) {
  if (a == null || b == null) return (a == null) - (b == null);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [Number(a), Number(b)];
  const [isX, isY] = [a !== '' && !Number.isNaN(x), b !== '' && !Number.isNaN(y)];
  if (isX !== isY) return isX ? -1 : 1;
  return isX && x !== y ? x - y : String(a) < String(b) ? -1 : a === b ? 0 : 1;
}

function tableView({ title, one, columns, items }) {
  const rowHeight = 30, beyond = 8;
  const filter = { text: '', statuses: new Set(), group: null };
  const sort = { column: null, down: false };
  let rows = [], before = '', chosen = null, drawn = '', told = '';

  const body = el('tbody');
  const table = el('table', { 'aria-label': title }, el('colgroup', {}, columns.map(column => { const col = el('col'); if (column.width) col.style.width = `${column.width}px`; return col; })), el('thead', {}, el('tr', { 'aria-rowindex': '1' }, columns.map(head))), body);
  const scroll = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Table: ${title.toLowerCase()}` }, table);
  const search = el('input', { type: 'search', placeholder: 'Value or error', 'aria-label': `Only ${one}s whose value or error has this text`, autocomplete: 'off', spellcheck: 'false', on: { input: () => { filter.text = search.value; arrange(); } } });
  const chips = el('div', { class: 'chips', role: 'group', 'aria-label': `Only ${one}s of this status` });
  const shown = el('p', { class: 'shown', role: 'status' });
  const view = card(title, { class: columns === foundColumns ? 'partitions few' : 'partitions' }, el('div', { class: 'tools' }, search, chips, shown), scroll);

  function head(column) {
    const arrow = el('span', { 'aria-hidden': 'true' });
    const cell = el('th', { scope: 'col', class: isText(column) ? '' : 'number' }, el('button', { type: 'button', title: column.hint, on: { click: () => {
      const isSame = sort.column === column;
      [sort.column, sort.down] = isSame && sort.down ? [null, false] : [column, isSame];
      arrange();
    } } }, column.title, arrow));
    column.mark = () => {
      const is = sort.column === column;
      if (is) cell.setAttribute('aria-sort', sort.down ? 'descending' : 'ascending'); else cell.removeAttribute('aria-sort');
      arrow.textContent = is ? (sort.down ? '↓' : '↑') : '';
    };
    return cell;
  }

  function arrange() {
    const text = filter.text.toLowerCase();
    rows = items().filter(item => (filter.statuses.size === 0 || filter.statuses.has(item.status)) && (filter.group == null || filter.group.indexes.has(item.index))
      && (text === '' || valueText(item.value).toLowerCase().includes(text) || item.error != null && `${item.error.code} ${item.error.message}`.toLowerCase().includes(text)));
    if (sort.column) {
      const { of } = sort.column;
      const keyed = rows.map(item => [of(item), item]);
      keyed.sort(([a, x], [b, y]) => (a == null || b == null ? compare(a, b) : sort.down ? compare(b, a) : compare(a, b)) || x.index - y.index);
      rows = keyed.map(([, item]) => item);
    }
    for (const column of columns) column.mark();
    drawn = '';
    fill();
    tell();
  }

  function fill() {
    const height = scroll.clientHeight || 440;
    const first = Math.max(0, Math.floor(scroll.scrollTop / rowHeight) - beyond);
    const last = Math.min(rows.length, Math.ceil((scroll.scrollTop + height) / rowHeight) + beyond);
    const now = `${first} ${last} ${run.version} ${chosen}`;
    if (now === drawn) return;
    drawn = now;
    table.setAttribute('aria-rowcount', String(rows.length + 1));
    set(body, space(first), rows.slice(first, last).map((item, i) => el('tr', { 'aria-rowindex': String(first + i + 2), 'aria-selected': item.index === chosen ? 'true' : null, 'data-index': String(item.index) },
      columns.map(column => el('td', { class: isText(column) ? '' : 'number', title: column.name === 'error' && item.error ? plain(item.error.message) : null }, column.cell(item))))), space(rows.length - last));
  }

  function space(n) {
    if (n <= 0) return null;
    const blank = el('td', { class: 'blank', colspan: String(columns.length) });
    blank.style.height = `${n * rowHeight}px`;
    return el('tr', { 'aria-hidden': 'true' }, blank);
  }

  function tell() {
    const is = [filter.statuses.size ? `status ${[...filter.statuses].join(' or ')}` : null, filter.text ? `text “${plain(filter.text)}”` : null, sort.column ? `sorted by ${sort.column.title.toLowerCase()}, ${sort.down ? 'descending' : 'ascending'}` : null, filter.group ? `those that say “${plain(filter.group.words)}”` : null].filter(part => part);
    // Said again only when it is something else: screen readers read aloud whatever is put here, and its button keeps the focus.
    const now = JSON.stringify([rows.length, items().length, is]);
    if (now === told) return;
    told = now;
    set(shown, el('b', {}, rows.length === items().length ? plural(rows.length, one) : `${count(rows.length)} of ${plural(items().length, one)}`), is.length ? ` · ${is.join(' · ')} ` : '',
      is.length ? el('button', { type: 'button', class: 'plain small', on: { click: () => { filter.text = search.value = ''; filter.group = null; filter.statuses.clear(); sort.column = null; arrange(); drawChips(); search.focus(); } } }, 'Clear') : null);
  }

  function drawChips() {
    const by = {};
    for (const { status } of items()) by[status] = (by[status] ?? 0) + 1;
    const focused = document.activeElement?.dataset?.status;
    set(chips, statuses.filter(status => by[status] > 0 || filter.statuses.has(status)).map(status => el('button', { type: 'button', class: 'chip', 'data-status': status, 'aria-pressed': String(filter.statuses.has(status)), on: { click: () => {
      if (!filter.statuses.delete(status)) filter.statuses.add(status);
      drawChips();
      arrange();
    } } }, statusWord(status), el('span', { class: 'tabular' }, count(by[status])))));
    if (focused) chips.querySelector(`[data-status="${focused}"]`)?.focus();
  }

  scroll.addEventListener('scroll', fill, { passive: true });
  new ResizeObserver(fill).observe(scroll);
  views.push(() => {
    view.root.hidden = items().length === 0;
    const now = `${run.version} ${unit()}`;
    if (now === before) return;
    before = now;
    drawChips();
    arrange();
  });

  // Shows one, without a filter that hides it.
  function choose(index) {
    chosen = index;
    let at = rows.findIndex(item => item.index === index);
    if (at < 0) { filter.text = search.value = ''; filter.group = null; filter.statuses.clear(); drawChips(); arrange(); at = rows.findIndex(item => item.index === index); }
    if (at < 0) return;
    scroll.scrollTop = Math.max(0, at * rowHeight - scroll.clientHeight / 2);
    drawn = '';
    fill();
    view.root.scrollIntoView({ block: 'nearest' });
    scroll.focus({ preventScroll: true });
  }

  // Shows those that failed for one reason.
  function only(indexes, words) {
    filter.text = search.value = '';
    filter.statuses = new Set(['failed']);
    filter.group = { indexes, words };
    drawChips();
    arrange();
    view.root.scrollIntoView({ block: 'nearest' });
  }

  return { root: view.root, choose, only };
}
