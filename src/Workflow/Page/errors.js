// Failures that say the same, but for the names and numbers in it, are one group.

function errorsView(only) {
  const groups = el('div', { class: 'groups' });
  const view = card('Errors', { hidden: true }, el('div', { class: 'body' }, groups));
  let before = '', drawn = '';

  function find() {
    const found = new Map();
    const add = (code, message, partition, file, index, pointer) => {
      const name = JSON.stringify([code, pointer, (file ? message.replaceAll(file, '…') : message).replace(/\d+/g, '#')]);
      const group = found.get(name) ?? { name, code, message, count: 0, first: partition, file, pointer, indexes: [], isOfTasks: index != null };
      group.count++;
      if (index != null) group.indexes.push(index);
      group.differs ||= group.message !== message;
      if (group.file !== file) group.file = null;
      found.set(name, group);
    };
    for (const item of known()) if (item.error) add(item.error.code, item.error.message, item.value, item.error.file, item.index);
    // The run's own are those that no task has.
    const isListed = known().some(item => item.error);
    for (const error of run.record?.summary?.errors ?? []) if (!isListed || error.partition == null && error.code !== 'more-failures') add(error.code, error.message, error.partition, error.file, null, error.pointer);
    return [...found.values()].sort((a, b) => b.count - a.count);
  }

  views.push(() => {
    const now = `${run.version} ${run.record?.status} ${run.record?.redrive} ${unit()}`;
    if (now === before) return;
    before = now;
    const all = find();
    view.root.hidden = all.length === 0;
    if (all.length === 0) return;
    const failed = sums().by.failed;
    // Drawn anew only when it says something else, so that the focus and what is selected stay while the run goes on.
    const words = JSON.stringify([all, failed, hasEnded(), unit()]);
    if (words === drawn) return;
    drawn = words;
    const focused = groups.contains(document.activeElement) ? document.activeElement.dataset.of : null;
    view.note.textContent = failed ? `${plural(failed, unit())} failed, for ${plural(all.filter(group => group.isOfTasks).length, 'reason')}` : '';
    set(groups, all.map(group => el('div', { class: group.isOfTasks ? 'group' : 'group single' }, group.isOfTasks ? el('span', { class: 'times' }, `${count(group.count)}×`) : null,
      el('div', {}, el('code', { class: 'of-failed' }, plain(group.code)), el('div', { class: 'message' }, foreign(group.message)),
        group.differs ? el('div', { class: 'soft' }, 'The others say the same with other names or numbers.') : null,
        el('div', { class: 'meta' }, group.isOfTasks ? el('span', {}, 'first ', foreign(called(group.first))) : null, group.file ? el('span', {}, 'file ', foreign(group.file)) : null, group.pointer ? el('span', {}, 'at ', el('code', {}, foreign(group.pointer))) : null,
          group.isOfTasks ? el('button', { type: 'button', class: 'plain small', 'data-of': `show ${group.name}`, on: { click: () => only(new Set(group.indexes), shortened(group.differs ? group.code : group.message, 60)) } }, 'Show them') : null)),
      group.isOfTasks && !run.savedAt && hasEnded() ? el('button', { type: 'button', 'data-of': `redrive ${group.name}`, title: failed === group.count ? null : `A redrive does all ${count(failed)} that failed.`, on: { click: () => act('redrive') } }, icon('again', 14), failed === group.count ? 'Redrive these' : 'Redrive these and the others') : null)));
    if (focused) [...groups.querySelectorAll('button')].find(button => button.dataset.of === focused)?.focus();
  });
  return view.root;
}
