// All tasks, a cell each. What a cell says it says by its form, too: an outline, a ring, a full cell, a bar, a cross.

const statuses = ['pending', 'running', 'succeeded', 'empty', 'failed'];

const measures = {
  status: { word: 'Status' },
  duration: { word: 'Run time', of: item => item.elapsedMs, text: duration },
  bytes: { word: 'Bytes', of: item => bytesOf(item), text: bytes },
  rows: { word: 'Rows', of: item => item.rowsOut, text: count },
  memory: { word: 'Memory', of: item => item.peakMemory, text: bytes },
};

function drawCell(pen, status, x, y, size, withSign) {
  const inner = size >= 8 ? size - 2 : Math.max(2, size - 1);
  pen.fillStyle = pen.strokeStyle = colour(`cell-${status}`);
  if (status === 'pending') {
    const dot = size >= 12 ? inner : Math.max(1, Math.floor(inner / 3));
    if (size >= 12) { pen.lineWidth = 1; pen.strokeRect(x + .5, y + .5, inner - 1, inner - 1); } else pen.fillRect(x + (inner - dot) / 2, y + (inner - dot) / 2, dot, dot);
  } else if (status === 'empty') {
    const part = Math.max(1, Math.round(inner / 2.5));
    pen.fillRect(x, y + inner - part, inner, part);
  } else if (status === 'running') {
    const edge = Math.max(1, Math.round(inner / 5));
    pen.fillRect(x, y, inner, inner);
    pen.clearRect(x + edge, y + edge, inner - 2 * edge, inner - 2 * edge);
  } else pen.fillRect(x, y, inner, inner);
  if (status === 'failed') cross(pen, x, y, inner, colour('cell-mark'));
  if (withSign && status === 'succeeded') tick(pen, x, y, inner);
}

function tick(pen, x, y, inner) {
  pen.strokeStyle = colour('cell-mark');
  pen.globalAlpha = .85;
  pen.lineWidth = Math.max(1.25, inner / 14);
  pen.lineCap = pen.lineJoin = 'round';
  pen.beginPath();
  pen.moveTo(x + inner * .34, y + inner * .52); pen.lineTo(x + inner * .46, y + inner * .64); pen.lineTo(x + inner * .68, y + inner * .38);
  pen.stroke();
  pen.globalAlpha = 1;
}

function cross(pen, x, y, inner, stroke) {
  const margin = inner >= 8 ? inner * .32 : 0;
  pen.strokeStyle = stroke;
  pen.lineWidth = Math.max(1, inner / 12);
  pen.beginPath();
  pen.moveTo(x + margin, y + margin); pen.lineTo(x + inner - margin, y + inner - margin);
  pen.moveTo(x + inner - margin, y + margin); pen.lineTo(x + margin, y + inner - margin);
  pen.stroke();
}

function heatmapView(choose) {
  const sizes = [34, 30, 26, 22, 18, 15, 12, 10, 8, 6, 5, 4];
  const maxHeight = 268;
  let measure = 'status', cursor = 0, hovered = null, layout = { size: 22, columns: 1 }, before = '';

  const fit = width => {
    const n = Math.max(1, total());
    const size = sizes.find(size => Math.ceil(n / Math.max(1, Math.floor(width / size))) * size <= maxHeight) ?? 4;
    const columns = Math.max(1, Math.floor(width / size));
    return { size, columns, rows: Math.ceil(n / columns) };
  };

  const { canvas, paint } = canvasOf({ tabindex: '0', role: 'slider', 'aria-label': '', 'aria-valuemin': '0', 'aria-valuemax': '0', 'aria-valuenow': '0', class: 'heat' }, {
    height: width => Math.max(22, fit(width).rows * fit(width).size),
    paint(pen, width) {
      layout = fit(width);
      const { size, columns } = layout;
      const limits = measure === 'status' ? null : quantiles();
      for (let i = 0; i < total(); i++) {
        const [x, y] = [i % columns * size, Math.floor(i / columns) * size];
        const item = run.partitions[i];
        const status = item?.status ?? 'pending';
        if (!limits || status === 'failed' || status === 'running') drawCell(pen, status, x, y, size, size >= 15);
        else drawMeasure(pen, item, x, y, size, limits);
      }
      const marked = hovered ?? (document.activeElement === canvas ? cursor : null);
      if (marked != null && marked < total()) {
        pen.strokeStyle = colour('ink');
        pen.lineWidth = 2;
        pen.strokeRect(marked % columns * size - 1, Math.floor(marked / columns) * size - 1, Math.max(size, 6), Math.max(size, 6));
      }
    },
  });

  function drawMeasure(pen, item, x, y, size, limits) {
    const value = item == null ? null : measures[measure].of(item);
    const inner = size >= 8 ? size - 2 : Math.max(2, size - 1);
    if (value == null) { drawCell(pen, 'pending', x, y, Math.min(size, 11), false); return; }
    const step = limits.findIndex(limit => value <= limit);
    const part = inner * (step + 1) / 5;
    // The higher, the fuller.
    pen.fillStyle = colour('scale-1');
    pen.fillRect(x, y, inner, inner);
    pen.fillStyle = colour(`scale-${step + 1}`);
    pen.fillRect(x, y + inner - part, inner, part);
  }

  function quantiles() {
    const values = known().map(measures[measure].of).filter(value => value != null).sort((a, b) => a - b);
    return [.2, .4, .6, .8, 1].map(part => values[Math.max(0, Math.ceil(part * values.length) - 1)] ?? 0);
  }

  const readout = el('p', { class: 'readout' });
  const legend = el('div', { class: 'legend', 'aria-hidden': 'true' });
  const view = card('Partitions', {}, el('div', { class: 'body' }, canvas, legend, readout));
  view.tools.append(tabs('What the cells show', Object.entries(measures).map(([key, { word }]) => [key, word]), measure, key => { measure = key; before = ''; paint(); show(); changed(); }));

  const at = event => {
    const box = canvas.getBoundingClientRect();
    const index = Math.floor((event.clientY - box.top) / layout.size) * layout.columns + Math.floor((event.clientX - box.left) / layout.size);
    return index >= 0 && index < total() && (event.clientX - box.left) < layout.columns * layout.size ? index : null;
  };
  canvas.addEventListener('pointermove', event => { hovered = at(event); paint(); show(); });
  canvas.addEventListener('pointerleave', () => { hovered = null; paint(); show(); });
  canvas.addEventListener('click', event => { const index = at(event); if (index != null) { cursor = index; choose(index); } });
  canvas.addEventListener('focus', () => { paint(); show(); });
  canvas.addEventListener('blur', () => { paint(); show(); });
  canvas.addEventListener('keydown', event => {
    const { columns } = layout;
    const to = { ArrowRight: cursor + 1, ArrowLeft: cursor - 1, ArrowDown: cursor + columns, ArrowUp: cursor - columns, Home: 0, End: total() - 1, PageDown: cursor + columns * 5, PageUp: cursor - columns * 5 }[event.key];
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(cursor); return; }
    if (to === undefined) return;
    event.preventDefault();
    cursor = Math.max(0, Math.min(total() - 1, to));
    paint();
    show();
  });

  function describe(index) {
    const item = run.partitions[index];
    const parts = [item ? called(item.value) : unit(), item?.status ?? 'not known yet'];
    if (item?.elapsedMs != null) parts.push(...[`run ${duration(item.elapsedMs)}`, bytesOf(item) == null ? null : `${bytes(item.bytesRead)} read`, item.rowsOut == null ? null : `${plural(item.rowsOut, isShared() ? 'state' : 'row')} out`, item.peakMemory == null ? null : `peak ${bytes(item.peakMemory)}`].filter(part => part));
    else if (item) parts.push(`${plural(item.rowGroups, 'row group')} to read`, bytes(item.bytesToRead));
    if (item?.error) parts.push(plain(item.error.code));
    return parts;
  }

  function show() {
    const index = hovered ?? cursor;
    if (total() === 0) { set(readout, el('span', { class: 'soft' }, hasEnded() ? `The run has no ${unit()}s.` : 'The run is not planned yet.')); return; }
    const [first, ...rest] = describe(index);
    set(readout, el('b', {}, el('bdi', {}, first)), ' · ', rest.join(' · '));
    canvas.setAttribute('aria-valuenow', String(cursor));
    canvas.setAttribute('aria-valuetext', describe(cursor).join(', '));
  }

  function drawLegend() {
    if (measure === 'status') {
      const { by } = sums();
      set(legend, statuses.filter(status => by[status] > 0).map(status => el('span', {}, swatch(pen => drawCell(pen, status, 0, 0, 14, false)), `${status} ${count(by[status])}`)));
      return;
    }
    const limits = quantiles();
    if (known().every(item => measures[measure].of(item) == null)) { set(legend, el('span', {}, 'Nothing of it is measured.')); return; }
    set(legend, limits.map((limit, i) => limit === limits[i - 1] ? null : el('span', {}, swatch(pen => { pen.fillStyle = colour('scale-1'); pen.fillRect(0, 0, 12, 12); pen.fillStyle = colour(`scale-${i + 1}`); pen.fillRect(0, 12 - 12 * (i + 1) / 5, 12, 12 * (i + 1) / 5); }), `≤ ${measures[measure].text(limit)}`)));
  }

  function swatch(draw) {
    const small = el('canvas', { width: 28, height: 28 });
    const pen = small.getContext('2d');
    pen.scale(2, 2);
    draw(pen);
    return small;
  }

  painters.push(() => { before = ''; drawLegend(); });
  views.push(() => {
    view.root.hidden = run.record == null;
    const now = `${run.version} ${total()} ${measure} ${hasEnded()} ${unit()}`;
    if (now === before) return;
    before = now;
    view.note.textContent = total() === 0 ? '' : `${count(total())} in plan order`;
    view.call(`${sentence(unit())}s`);
    canvas.setAttribute('aria-label', `${sentence(unit())}s, one by one. The table below has the same.`);
    canvas.hidden = total() === 0;
    canvas.setAttribute('aria-valuemax', String(Math.max(0, total() - 1)));
    paint();
    drawLegend();
    show();
  });
  return view.root;
}
