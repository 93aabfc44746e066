// The page with what it shows in it: a file that needs nobody.

// As it was before anything was put into it.
const bare = `<!doctype html>\n${document.documentElement.outerHTML}`;

const savedData = JSON.parse(document.getElementById('saved').textContent);

async function saveReport() {
  const { id, record, plan, health, found, preview, seenAt } = run;
  const partitions = known();
  const data = JSON.stringify({ id, savedAt: new Date(hostNow()).toISOString(), seenAt, record, plan, health, partitions, found, preview: preview && { ...preview, rows: preview.rows.slice(0, chartRows) } });
  const policy = document.querySelector('meta[name="policy-when-saved"]').content;
  const html = bare
    .replace(/<meta name="policy-when-saved"[^>]*>/, () => `<meta http-equiv="Content-Security-Policy" content="${policy}">`)
    // No text in it can end the element that it is in.
    .replace(/(<script type="application\/json" id="saved">)null/, (_, start) => start + data.replaceAll('<', '\\u003c'));
  const link = el('a', { href: URL.createObjectURL(new Blob([html], { type: 'text/html' })), download: `${/^[a-z0-9_-]{1,100}$/.test(id) ? id : 'run'}.html` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function openReport({ id, savedAt, seenAt, record, plan, health, partitions, found, preview }) {
  Object.assign(run, { id, savedAt, seenAt, record, plan, health, found, preview });
  for (const item of partitions) run.partitions[item.index] = item;
  run.version++;
}
