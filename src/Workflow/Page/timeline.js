// When the tasks waited and when they ran, in the order in which they began, and how many ran at once. What became of a bar its form says, too.

function timelineView() {
  const top = 54, bottom = 20, least = 2;
  let before = '';

  // What goes on is known as of the last look at it.
  const now = () => hasEnded() ? run.record.summary.elapsedMs : (run.seenAt ?? driveStart()) - driveStart();

  function bars() {
    const start = driveStart();
    return known().filter(item => startOf(item) != null && (item.elapsedMs != null || item.status === 'running') && !isReused(item)).map(item => {
      const from = Math.max(0, startOf(item) - start);
      return { item, from, to: item.elapsedMs == null ? Math.max(from, now()) : from + item.elapsedMs };
    }).sort((a, b) => a.from - b.from || a.item.index - b.item.index);
  }

  function concurrency(of) {
    const steps = of.flatMap(({ from, to }) => [[from, 1], [Math.max(to, from + 1), -1]]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let n = 0, most = 0;
    const line = steps.map(([at, by]) => { n += by; most = Math.max(most, n); return [at, n]; });
    return { line, most };
  }

  const end = of => Math.max(1, of.reduce((most, { to }) => Math.max(most, to), 0), now());

  // Full, low when nothing came out of it, cut into pieces when it failed, open at its end while it goes on.
  function drawBar(pen, status, x, y, width, height) {
    pen.fillStyle = colour(status === 'failed' || status === 'empty' ? `cell-${status}` : 'cell-running');
    if (status === 'failed') for (let at = 0; at < width; at += 4) pen.fillRect(x + at, y, Math.min(2.5, width - at), height);
    else if (status === 'empty') pen.fillRect(x, y + height / 2, width, Math.max(1, height / 2));
    else if (status === 'running' && height >= 4) {
      pen.fillRect(x, y, width, 1);
      pen.fillRect(x, y + height - 1, width, 1);
      pen.fillRect(x, y, 1, height);
    } else pen.fillRect(x, y, width, height);
  }

  let drawnBars = [];
  const { canvas, paint } = canvasOf({ role: 'img', 'aria-label': '' }, {
    height: () => top + bottom + Math.max(40, Math.min(202, drawnBars.length * 14)),
    paint(pen, width, height) {
      const of = drawnBars;
      if (of.length === 0) return;
      const span = end(of), { line, most } = concurrency(of);
      const x = at => at / span * (width - 2);
      const room = height - top - bottom, thick = room / of.length;
      axis(pen, width, height, span, x);
      // Failures last and never too thin to be seen, however many bars there are.
      const order = [...of.entries()].sort(([i, a], [j, b]) => (a.item.status === 'failed') - (b.item.status === 'failed') || i - j);
      for (const [i, { item, from, to }] of order) {
        const y = top + i * thick, h = Math.max(item.status === 'failed' ? 3 : 1, thick >= 4 ? thick - 1 : thick);
        if (thick >= 1 || i % Math.ceil(1 / thick) === 0) {
          pen.fillStyle = colour('wait');
          pen.fillRect(0, y + (thick >= 4 ? h / 3 : 0), x(from), thick >= 4 ? Math.max(1, h / 3) : h);
        }
        drawBar(pen, item.status, x(from), y, Math.max(least, x(to) - x(from)), h);
        if (item.attempt > 1) { pen.fillStyle = colour('ink'); pen.fillRect(x(from) - 1, y - 1, 2, Math.max(4, h + 2)); }
      }
      pen.beginPath();
      pen.moveTo(0, 42);
      let n = 0;
      for (const [at, now] of line) { pen.lineTo(x(at), 42 - 24 * n / most); pen.lineTo(x(at), 42 - 24 * now / most); n = now; }
      pen.lineTo(x(span), 42);
      pen.globalAlpha = .16;
      pen.fillStyle = colour('cell-running');
      pen.fill();
      pen.globalAlpha = 1;
      pen.strokeStyle = colour('cell-running');
      pen.lineWidth = 1.25;
      pen.stroke();
      label(pen, `at most ${most} at once`, width - 2, 8, 'right');
    },
  });

  function axis(pen, width, height, span, x) {
    const rough = span / Math.max(2, Math.floor(width / 110));
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(k => k * unit).find(k => k >= rough);
    pen.lineWidth = 1;
    pen.font = font();
    for (let at = 0; at <= span; at += step) {
      pen.strokeStyle = colour('line');
      pen.beginPath(); pen.moveTo(Math.round(x(at)) + .5, top - 4); pen.lineTo(Math.round(x(at)) + .5, height - bottom + 2); pen.stroke();
      const words = at === 0 ? '0' : duration(at);
      if (x(at) + 3 + pen.measureText(words).width < width) label(pen, words, x(at) + 3, height - 8, 'left');
    }
  }

  const font = () => `11.5px ${getComputedStyle(document.body).fontFamily}`;

  function label(pen, text, x, y, align) {
    pen.fillStyle = colour('soft');
    pen.font = font();
    pen.textAlign = align;
    pen.textBaseline = 'middle';
    pen.fillText(text, x, y);
  }

  function swatch(draw) {
    const box = el('canvas', { width: 28, height: 28 });
    const pen = box.getContext('2d');
    pen.scale(2, 2);
    draw(pen);
    return box;
  }

  const block = token => swatch(pen => { pen.fillStyle = colour(token); pen.fillRect(0, 4, 14, 6); });
  const bar = status => swatch(pen => drawBar(pen, status, 0, 4, 14, 6));
  // Which bar is which; the table has the same for those without a pointer.
  let words = [];
  canvas.addEventListener('pointermove', event => {
    const box = canvas.getBoundingClientRect();
    const i = Math.floor((event.clientY - box.top - top) / (box.height - top - bottom) * drawnBars.length);
    const bar = event.clientY - box.top >= top ? drawnBars[i] : null;
    set(readout, ...(bar ? [el('b', {}, foreign(called(bar.item.value))), ` · ${bar.item.status} · waited ${duration(bar.from)} · ${bar.item.status === 'running' ? 'running for' : 'ran'} ${duration(bar.to - bar.from)}`] : words));
  });
  canvas.addEventListener('pointerleave', () => set(readout, ...words));

  const legend = el('div', { class: 'legend' });
  const readout = el('p', { class: 'readout' });
  const view = card('Timeline', {}, el('div', { class: 'body' }, canvas, legend, readout));
  const has = status => drawnBars.some(({ item }) => item.status === status);
  const drawLegend = () => set(legend, el('span', {}, block('wait'), 'waited'), el('span', {}, bar('succeeded'), 'ran'), has('running') ? el('span', {}, bar('running'), 'running now') : null, has('failed') ? el('span', {}, bar('failed'), 'failed') : null,
    has('empty') ? el('span', {}, bar('empty'), 'empty') : null, drawnBars.some(({ item }) => item.attempt > 1) ? el('span', {}, block('ink'), 'tried more than once') : null);
  painters.push(drawLegend);
  views.push(() => {
    view.root.hidden = run.record == null;
    if (run.record == null) return;
    const state = `${run.version} ${hasEnded()} ${run.record.redrive} ${unit()}`;
    if (state === before && hasEnded()) return;
    // Those that go on grow without being told of.
    if (state !== before || has('running')) drawnBars = bars();
    before = state;
    canvas.hidden = legend.hidden = drawnBars.length === 0;
    if (drawnBars.length === 0) {
      view.note.textContent = '';
      readout.textContent = sums().sum.reused > 0 && hasEnded() ? 'Everything was done by an earlier drive.' : hasEnded() ? (total() === 0 ? 'The run was not planned.' : `No ${unit()} left the time when it ran.`) : `No ${unit()} has begun yet.`;
      return;
    }
    const done = drawnBars.filter(({ item }) => item.status !== 'running');
    const times = done.map(({ to, from }) => to - from).sort((a, b) => a - b);
    const at = part => times[Math.min(times.length - 1, Math.floor(part * times.length))];
    const longest = done.reduce((most, one) => most == null || one.to - one.from > most.to - most.from ? one : most, null);
    const reused = sums().sum.reused;
    view.note.textContent = `${plural(drawnBars.length, unit())} in order of start${reused ? `; ${count(reused)} of an earlier drive are not drawn` : ''}`;
    words = longest == null ? [`No ${unit()} is done yet.`]
      : ['run time: median ', el('b', {}, duration(at(.5))), ', 95 % below ', el('b', {}, duration(at(.95))), ', longest ', el('b', {}, duration(at(1))), ' (', foreign(called(longest.item.value)), ')'];
    set(readout, ...words);
    canvas.setAttribute('aria-label', `${plural(drawnBars.length, unit())}, at most ${concurrency(drawnBars).most} at once. ${readout.textContent}`);
    drawLegend();
    paint();
  });
  return view.root;
}
