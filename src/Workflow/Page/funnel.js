// What the plain loop, which reads everything once for each partition, would have done, and what was done of it.

function funnelView() {
  const steps = el('div', { class: 'steps' });
  const view = card('Work avoided', {}, el('div', { class: 'body' }, steps));

  // Parts from the largest to the smallest, each drawn over the one before.
  function step(title, words, whole, parts, saved) {
    const rail = el('div', { class: 'rail', 'aria-hidden': 'true' }, parts.map(part => { const fill = el('i'); fill.style.width = `${whole > 0 ? Math.min(100, 100 * part / whole) : 0}%`; return fill; }));
    return el('div', { class: 'step' }, el('div', { class: 'line' }, el('b', {}, title), saved ? el('span', { class: 'saved' }, saved) : null), rail, el('div', { class: 'line' }, el('span', {}, words)));
  }

  const avoided = (part, whole) => whole > part ? `${percent(whole - part, whole)} avoided` : null;

  views.push(() => {
    const { record, plan } = run;
    view.root.hidden = record == null;
    if (!record) return;
    const { sum } = sums();
    const summary = record.summary;
    const groups = plan?.rowGroups ?? summary?.rowGroups;
    const loops = plan?.partitions ?? summary?.partitions.total ?? 0;
    if (!groups || !loops) { set(steps, el('p', { class: 'soft' }, plan && isShared() ? 'How many partitions there are is known once the scan has found them.' : hasEnded() ? 'The run was not planned.' : 'The run is not planned yet.')); view.note.textContent = ''; return; }
    view.note.textContent = `beside a loop that reads everything ${loops === 1 ? 'once' : `${count(loops)} times`}`;
    const rowsIn = plan?.rowsIn ?? summary?.rowsIn ?? 0;
    const allGroups = groups.total * loops;
    // Of what is done, since the rest is neither read nor avoided yet; slices are done for all partitions, or for none.
    const isTold = isShared() ? sum.done > 0 && sum.done === total() : sum.done > 0;
    const passes = isShared() ? loops : sum.done;
    const [allBytes, allRows, rowsOut] = [Math.round((sum.bytesToRead + sum.bytesPruned) / sum.done * passes), rowsIn * passes, summary?.rowsOut || (isShared() ? null : sum.rowsOut)];
    const planBytes = plan && (plan.bytesToRead + plan.bytesPruned) * (isShared() ? loops : 1);
    const done = !isShared() && sum.done < loops ? `, for the ${plural(sum.done, 'partition')} done` : '';
    set(steps,
      plan ? step('Files', `${plural(plan.files, 'file')} listed, each footer read once${loops === 1 ? '' : ` instead of ${count(loops)} times`}`, plan.files * loops, [plan.files], avoided(plan.files, plan.files * loops)) : null,
      step('Row groups', `${count(allGroups)} in the loop → ${count(groups.matched)} to read after statistics`, allGroups, [groups.matched], avoided(groups.matched, allGroups)),
      isTold ? step('Bytes', `${bytes(allBytes)} in the loop → ${bytes(sum.bytesToRead)} planned → ${bytes(sum.bytesRead)} read${done}`, allBytes, [Math.max(sum.bytesToRead, sum.bytesRead), Math.min(sum.bytesToRead, sum.bytesRead)], avoided(sum.bytesRead, allBytes))
        : plan ? step('Bytes', `${bytes(planBytes)} in the loop → ${bytes(plan.bytesToRead)} planned`, planBytes, [plan.bytesToRead], avoided(plan.bytesToRead, planBytes)) : null,
      isTold ? step('Rows', `${count(allRows)} in the loop → ${count(sum.rowsDecoded)} decoded → ${count(sum.rowsInPartition)} of the partitions → ${count(sum.rowsSelected)} after where${rowsOut == null ? '' : ` → ${count(rowsOut)} out`}${done}`, allRows, [sum.rowsDecoded, sum.rowsInPartition, sum.rowsSelected, rowsOut].sort((a, b) => b - a), avoided(sum.rowsDecoded, allRows)) : null);
  });
  return view.root;
}
