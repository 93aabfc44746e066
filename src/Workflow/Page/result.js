// The first rows of the result, and a chart of them.

const isTime = type => /^(date|timestamp)/i.test(typeName(type));
const isNumber = type => /^(u?int|float|double|decimal)/i.test(typeName(type));

function resultView() {
  const table = el('div', { class: 'scroll preview', tabindex: '0', role: 'region', 'aria-label': 'First rows of the result' });
  const links = el('span', { class: 'choices' });
  const preview = card('Result', { hidden: true }, el('div', { class: 'body' }, el('p', { class: 'soft' })), table);
  const choices = el('div', { class: 'choices' }), drawing = el('div');
  const chart = card('Chart', { hidden: true }, el('div', { class: 'body' }, choices, drawing));
  preview.root.querySelector('.body').replaceWith();
  preview.tools.append(links);
  // The partition is undefined for any, since null is one.
  const chosen = { x: null, y: null, of: undefined };
  let before = null;

  const typeOf = i => run.plan?.resultColumns?.[i]?.type ?? (run.preview.rows.every(row => row[i].value == null || typeof row[i].value === 'number') ? 'double' : 'string');

  const cellOf = ({ value, text }) => value == null || typeof value === 'string' ? valueOf(value) : foreign(text ?? String(value));

  function drawTable() {
    const { rows, columns } = run.preview;
    const shown = rows.slice(0, previewRows);
    const all = run.record.summary?.rowsOut;
    preview.note.textContent = shown.length < all ? `first ${count(shown.length)} of ${plural(all, 'row')}` : plural(all ?? shown.length, 'row');
    set(table, el('table', { 'aria-label': 'First rows of the result' }, el('thead', {}, el('tr', {}, columns.map((name, i) => el('th', { scope: 'col', class: isNumber(typeOf(i)) ? 'number' : '' }, foreign(name), el('small', {}, plain(typeName(typeOf(i)))))))),
      el('tbody', {}, shown.map(row => el('tr', {}, row.map((value, i) => el('td', { class: isNumber(typeOf(i)) ? 'number' : '' }, cellOf(value))))))));
  }

  // The partition column comes first, then the keys, then what was reduced.
  function propose() {
    const { rows, columns } = run.preview;
    const indexes = columns.map((_, i) => i);
    const numbers = indexes.filter(i => i > 0 && isNumber(typeOf(i)));
    chosen.y = numbers.find(i => !/int/i.test(typeName(typeOf(i)))) ?? numbers.at(-1) ?? null;
    const isOneEach = new Set(rows.map(row => row[0].value)).size === rows.length;
    chosen.x = indexes.find(i => i !== chosen.y && isTime(typeOf(i))) ?? (isOneEach ? 0 : indexes.find(i => i > 0 && i !== chosen.y) ?? 0);
    chosen.of = isOneEach || chosen.x === 0 ? undefined : rows[0][0].value;
  }

  function drawChart() {
    const { rows, columns } = run.preview;
    chart.root.hidden = chosen.y == null || rows.length < 2;
    if (chart.root.hidden) return;
    const options = (indexes, value) => indexes.map(i => el('option', { value: String(i), selected: i === value }, plain(columns[i])));
    const indexes = columns.map((_, i) => i);
    const choice = (word, name, of, isWhole) => el('label', { class: 'field' }, word, el('select', { on: { change: event => { chosen[name] = isWhole(event.target.value); drawLines(); } } }, of));
    const most = 500;
    const all = [...new Map(rows.map(row => [row[0].value, row[0]])).values()], partitions = all.slice(0, most);
    set(choices, choice('show', 'y', options(indexes.filter(i => isNumber(typeOf(i))), chosen.y), Number), choice('by', 'x', options(indexes, chosen.x), Number),
      partitions.length > 1 && partitions.length < rows.length ? choice(`where ${plain(columns[0])} is`, 'of', [el('option', { value: '' }, 'any'), ...partitions.map((one, i) => el('option', { value: String(i + 1), selected: one.value === chosen.of }, shortened(valueText(one.text ?? one.value), 60))), all.length > most ? el('option', { disabled: true }, `and ${count(all.length - most)} more`) : null], at => at === '' ? undefined : partitions[at - 1].value) : null);
    drawLines();
  }

  function drawLines() {
    const { rows, columns, more } = run.preview;
    const of = rows.filter(row => chosen.of === undefined || row[0].value === chosen.of);
    const isLine = isTime(typeOf(chosen.x)) || of.length > 80 && isNumber(typeOf(chosen.x));
    const most = isLine ? chartRows : 60;
    let points = of.map(row => ({ label: valueText(row[chosen.x].text ?? row[chosen.x].value), at: isTime(typeOf(chosen.x)) ? Date.parse(row[chosen.x].value) : row[chosen.x].value, value: typeof row[chosen.y].value === 'number' ? row[chosen.y].value : null, text: row[chosen.y].text }))
      .filter(point => point.value != null && Number.isFinite(point.value));
    if (isLine) points = points.filter(point => Number.isFinite(point.at)).sort((a, b) => a.at - b.at);
    const left = points.length - most;
    points = points.slice(0, most);
    chart.note.textContent = [chosen.of === undefined ? null : `${plain(columns[0])} = ${valueText(chosen.of)}`, left > 0 ? `first ${most} of ${count(most + left)} values` : null, more ? `of the first ${plural(rows.length, 'row')}` : null].filter(part => part).join('; ');
    set(drawing, points.length === 0 ? el('p', { class: 'soft' }, 'There is no number to draw.') : plot(points, isLine, `${plain(columns[chosen.y])} by ${plain(columns[chosen.x])}`));
  }

  views.push(() => {
    const { record } = run;
    const has = record?.summary?.output != null;
    preview.root.hidden = !has || (run.preview == null && run.savedAt != null);
    if (!has || run.preview == null) { chart.root.hidden = true; if (has) preview.note.textContent = run.previewProblem ? plain(run.previewProblem) : 'is being read'; before = null; }
    if (has && !run.savedAt && links.childElementCount === 0) set(links, ['parquet', 'csv', 'json'].map(format => el('a', { href: withKey(`${place.base}${runPath(run.id, `/result?format=${format}`)}`), download: '' }, format)));
    if (run.preview == null || run.preview === before) return;
    before = run.preview;
    drawTable();
    if (run.preview.rows.length > 0) { propose(); drawChart(); }
  });
  return el('div', { class: 'pair' }, preview.root, chart.root);
}

function stepOf(low, high, wanted) {
  const rough = (high - low) / wanted, unit = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map(k => k * unit).find(k => k >= rough);
}

const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 });

function plot(points, isLine, title) {
  const [width, height, left, right, top, bottom] = [640, 300, 52, 12, 10, 44];
  const values = points.map(point => point.value);
  const [least, most] = isLine ? [Math.min(...values), Math.max(...values)] : [Math.min(0, ...values), Math.max(0, ...values)];
  const step = stepOf(least, most === least ? least + (Math.abs(least) || 1) : most, 5);
  const low = Math.floor(least / step + 1e-9) * step, room = Math.max(step, Math.ceil(most / step - 1e-9) * step - low);
  const y = value => top + (height - top - bottom) * (1 - (value - low) / room);
  const svg = shape('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${title}: ${plural(points.length, 'value')} from ${short.format(Math.min(...values))} to ${short.format(Math.max(...values))}`, preserveAspectRatio: 'none' });
  for (let i = 0, at = low; i <= Math.round(room / step); at = low + ++i * step) svg.append(shape('line', { class: 'grid', x1: left, x2: width - right, y1: y(at), y2: y(at) }), text(left - 8, y(at) + 4, short.format(at), 'end'));
  const span = width - left - right;
  if (isLine) {
    const [first, last] = [points[0].at, points.at(-1).at];
    const x = at => left + span * (last === first ? .5 : (at - first) / (last - first));
    svg.append(shape('path', { class: 'curve', d: points.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`).join('') }));
    if (points.length <= 120) for (const point of points) svg.append(shape('circle', { class: 'dot', cx: x(point.at), cy: y(point.value), r: 3 }, told(point)));
    svg.append(text(left, height - bottom + 20, points[0].label, 'start'), text(width - right, height - bottom + 20, points.at(-1).label, 'end'));
    if (points.length > 4) { const middle = points[Math.floor(points.length / 2)]; svg.append(text(x(middle.at), height - bottom + 20, middle.label, 'middle')); }
  } else {
    const wide = span / points.length;
    const every = Math.ceil(points.length / Math.max(1, Math.floor(span / Math.max(34, Math.min(90, Math.max(...points.map(point => point.label.length)) * 6.2 + 8)))));
    points.forEach((point, i) => {
      svg.append(shape('rect', { class: 'mark', x: left + i * wide + wide * .12, width: wide * .76, y: Math.min(y(point.value), y(0)), height: Math.max(1, Math.abs(y(point.value) - y(0))), rx: Math.min(2, wide / 6) }, told(point)));
      if (i % every === 0) svg.append(text(left + (i + .5) * wide, height - bottom + 20, point.label.length > 12 ? point.label.slice(0, 11) + '…' : point.label, 'middle'));
    });
  }
  svg.setAttribute('preserveAspectRatio', 'xMidYMid meet');
  return svg;

  function text(x, y, content, anchor) { const node = shape('text', { x, y, 'text-anchor': anchor }); node.textContent = content; return node; }
  function told(point) { const node = shape('title'); node.textContent = `${point.label}: ${point.text ?? point.value}`; return node; }
}
