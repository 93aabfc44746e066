// What was planned beside what was done, and what it costs as far as the plan tells.

function planView() {
  const reason = el('p', { class: 'soft' }), facts = el('div'), more = el('div');
  const view = card('Plan and actual', {}, el('div', { class: 'body' }, reason, facts, more));
  let before = '', drawn = null;

  const line = (title, planned, actual, remark) => el('tr', {}, el('th', { scope: 'row' }, title), el('td', { class: 'number' }, planned), el('td', { class: 'number' }, actual), el('td', { class: 'soft' }, remark ?? ''));

  views.push(() => {
    const { record, plan } = run;
    view.root.hidden = record == null;
    if (!record) return;
    const { by, sum } = sums();
    const summary = record.summary;
    const now = `${run.version} ${plan?.specHash} ${record.status} ${record.redrive}`;
    if (now === before) return;
    before = now;
    if (!plan) { reason.textContent = hasEnded() ? 'The run could not be planned.' : 'The run is not planned yet.'; set(facts); set(more); drawn = null; return; }
    view.note.textContent = `strategy ${plain(plan.strategy)}`;
    set(reason, foreign(sentence(plan.strategyReason)));
    const done = by.succeeded + by.empty;
    const cost = summary?.cost;
    const estimate = plan.candidates?.find(candidate => candidate.strategy === plan.strategy);
    const peak = summary?.peakWorkerMemory || sum.peak || null;
    set(facts, el('table', { class: 'facts' },
      el('thead', {}, el('tr', {}, el('td'), el('th', { scope: 'col', class: 'number' }, 'Planned'), el('th', { scope: 'col', class: 'number' }, 'Actual'), el('td'))),
      el('tbody', {},
        line('Tasks done', count(plan.tasks), count(done), by.failed ? `${count(by.failed)} failed` : sum.retried ? `${count(sum.retried)} tried more than once` : ''),
        line('Row groups read', count(plan.rowGroups.matched), count(sum.rowGroups), `${count(plan.rowGroups.total)} in the source`),
        line('Bytes read', bytes(plan.bytesToRead), bytes(sum.bytesRead), plan.bytesToRead > 0 && sum.bytesRead > 0 ? `${percent(sum.bytesRead, plan.bytesToRead)} of the plan` : ''),
        line('Peak memory of a worker', bytes(plan.forecastWorkerMemory || null), bytes(peak), `cap ${bytes(plan.memoryPerTask)}${sum.split ? `; ${count(sum.split)} split` : ''}${sum.spilled ? `; ${count(sum.spilled)} spilled` : ''}`),
        line('Requests', count(estimate?.requests), count(cost?.requests ?? summary?.requests ?? sum.requests), ''),
        ...(estimate || cost ? [
          line('Processor time', seconds(estimate?.cpuSeconds), seconds(cost?.cpuSeconds), cost?.cpuSeconds === 0 ? 'not measured: no worker process' : ''),
          line('On Azure', dollars(estimate?.dollars), dollars(cost?.dollars), `by list prices of ${plain((cost ?? estimate).pricesOf)}`)] : []))));
    // Of one plan the same: drawn once, so that the focus stays, and what was opened open.
    if (plan === drawn) return;
    drawn = plan;
    const candidates = plan.candidates?.length > 0 ? el('details', {}, el('summary', {}, 'What each strategy would cost'), ...generic(null, plan.candidates)) : null;
    set(more, candidates, ...generic('Cost', plan.cost), plan.plugin ? el('p', { class: 'soft' }, 'plug-in ', foreign(`${plan.plugin.name} ${plan.plugin.version}`)) : null,
      el('div', { class: 'columns' }, el('span', {}, 'reads'), plan.columns?.map(column => el('span', {}, foreign(column.name), ' ', el('span', { class: 'soft' }, plain(typeName(column.type)))))));
  });
  return view.root;
}

const seconds = n => n ? duration(n * 1000) : '–';

const dollars = n => n == null ? '–' : `$ ${n >= 0.01 ? n.toFixed(2) : n.toPrecision(2)}`;

const typeName = type => typeof type === 'string' ? type : JSON.stringify(type);

// A part of the plan that this page knows nothing of, field by field.
function generic(title, part) {
  if (part == null || part.length === 0) return [];
  const heading = title == null ? '' : el('h3', { class: 'soft' }, title);
  if (Array.isArray(part)) {
    const names = [...new Set(part.flatMap(item => Object.keys(item ?? {})))];
    const cell = (item, name) => item?.[name] == null ? '–' : foreign(figure(name, item[name]));
    // Fields are many and items few: each item is a column, under its first field.
    return [heading, el('table', { class: 'facts' }, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, spoken(names[0] ?? '')), part.map(item => el('th', { scope: 'col' }, cell(item, names[0]))))),
      el('tbody', {}, names.slice(1).map(name => el('tr', {}, el('th', { scope: 'row' }, spoken(name)), part.map(item => el('td', {}, cell(item, name)))))))];
  }
  if (typeof part !== 'object') return [heading, el('p', {}, foreign(figure(title, part)))];
  return [heading, el('table', { class: 'facts' }, el('tbody', {}, Object.entries(part).map(([name, value]) => el('tr', {}, el('th', { scope: 'row' }, spoken(name)), el('td', {}, value == null ? '–' : foreign(figure(name, value)))))))];
}
