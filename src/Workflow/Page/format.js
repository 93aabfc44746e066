// How values are spelled. Everything here gives plain text.

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

const count = n => n == null ? '–' : grouped.format(n);

const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;

function digits(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function bytes(n) {
  if (n == null) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  for (; Math.abs(n) >= 1024 && unit < units.length - 1; unit++) n /= 1024;
  return unit === 0 ? `${n} B` : `${digits(n)} ${units[unit]}`;
}

function duration(ms) {
  if (ms == null) return '–';
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 9.95 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, '0')} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function percent(part, whole) {
  if (!(whole > 0)) return '–';
  const value = 100 * part / whole;
  return value > 0 && value < 0.1 ? '< 0.1 %' : value > 99.9 && value < 100 ? '> 99.9 %' : `${value.toFixed(value < 10 || value > 99 ? 1 : 0)} %`.replace('.0 %', ' %');
}

const moment = time => time == null ? '–' : new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

// Letters that are not seen, or that turn the text around them, are spelled out: a name must not pass for another.
const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const plain = text => String(text).replace(unseen, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

const statusWords = {
  pending: 'pending', running: 'running', succeeded: 'succeeded', succeededWithFailures: 'succeeded with failures', failed: 'failed', cancelled: 'cancelled', empty: 'empty', stalled: 'running, but nothing drives it',
};

// Names of fields as a person says them: bytesToRead is "bytes to read".
const spoken = name => ({ cpuSeconds: 'processor time', dollars: 'dollars on Azure' })[name] ?? plain(name).replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();

// A field of a document whose unit its name tells.
function figure(name, value) {
  if (typeof value !== 'number') return typeof value === 'object' && value !== null ? JSON.stringify(value) : plain(value);
  if (/bytes|memory/i.test(name)) return bytes(value);
  if (/ms$|millis/i.test(name)) return duration(value);
  if (/seconds$/i.test(name) && !/gb.?seconds$/i.test(name)) return duration(value * 1000);
  return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)));
}
