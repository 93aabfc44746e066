// Makes elements. Text is only ever text: no function here takes markup.

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value == null || value === false) continue;
    if (name === 'class') node.className = value;
    else if (name === 'on') for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter(child => child != null && child !== false));
  return node;
}

function shape(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const set = (node, ...children) => { node.replaceChildren(...children.flat().filter(child => child != null && child !== false)); return node; };

// Text of others, whatever its direction.
const foreign = text => el('bdi', {}, plain(text));

// The value of a partition.
const valueOf = value => value == null || value === '' ? el('span', { class: 'null' }, valueText(value)) : el('bdi', {}, valueText(value));

// Spaces at an end are shown, and text that reads like no value is quoted.
const valueText = value => value == null ? 'null' : value === '' ? 'empty text' : value === 'null' || value === 'empty text' ? `"${value}"` : plain(value).replace(/^ +| +$/g, spaces => '␣'.repeat(spaces.length));

const shortened = (text, most) => text.length > most ? `${text.slice(0, most - 1)}…` : text;

const iconPaths = {
  succeeded: 'M5 12.5l4.5 4.5L19 7.5', failed: 'M6.5 6.5l11 11M17.5 6.5l-11 11', cancelled: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12',
  succeededWithFailures: 'M12 4L2.8 20h18.4zM12 10v4.5M12 17.2v.3', running: 'M12 3a9 9 0 1 0 9 9', pending: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2', empty: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12h8',
  copy: 'M9 9h10v11H9zM5 15V4h10', save: 'M12 4v11M7.5 10.5L12 15l4.5-4.5M5 20h14', again: 'M4.5 12a7.5 7.5 0 1 1 2.2 5.3M4.5 18.5v-4.5H9', stop: 'M7 7h10v10H7z', light: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19M5 19l1.7-1.7M17.3 6.7L19 5',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z', system: 'M3.5 5h17v11h-17zM9 20h6M12 16v4',
};

function icon(name, size = 16) {
  const svg = shape('svg', { viewBox: '0 0 24 24', width: size, height: size, fill: 'none', stroke: 'currentColor', 'stroke-width': 2.2, 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true' }, shape('path', { d: iconPaths[name] ?? iconPaths.pending }));
  if (name === 'running') svg.classList.add('turn');
  return svg;
}

const statusWord = status => el('span', { class: `word of-${status in statusWords ? status : 'pending'}` }, icon(status, 14), statusWords[status] ?? plain(status ?? 'unreadable'));

function card(title, props, ...body) {
  const note = el('span', { class: 'note' });
  const tools = el('span', {});
  const heading = el('h2', {}, title);
  const root = el('section', { class: `card ${props.class ?? ''}`, 'aria-label': title, hidden: props.hidden }, el('header', {}, heading, note, el('span', { class: 'grow' }), tools), ...body);
  const call = words => { heading.textContent = words; root.setAttribute('aria-label', words); };
  return { root, note, tools, call };
}

// Buttons of which one is pressed.
function tabs(label, choices, chosen, choose) {
  const buttons = choices.map(([key, word]) => el('button', { type: 'button', 'aria-pressed': String(key === chosen), on: { click: () => {
    for (const [i, button] of buttons.entries()) button.setAttribute('aria-pressed', String(choices[i][0] === key));
    choose(key);
  } } }, word));
  return el('span', { class: 'tabs', role: 'group', 'aria-label': label }, buttons);
}

// A canvas that is as sharp as the screen; drawn again when its width or the theme changes.
function canvasOf(props, draw) {
  const canvas = el('canvas', props);
  let height = 0;
  const paint = () => {
    const width = canvas.clientWidth;
    if (width === 0) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    const pen = canvas.getContext('2d');
    const wanted = draw.height(width);
    if (canvas.width !== Math.round(width * ratio) || height !== wanted) {
      height = wanted;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(wanted * ratio);
      canvas.style.height = `${wanted}px`;
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, wanted);
    draw.paint(pen, width, wanted);
  };
  new ResizeObserver(paint).observe(canvas);
  painters.push(paint);
  return { canvas, paint };
}

const painters = [];

let palette = {};

function colour(name) {
  return palette[name] ??= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function repaint() {
  palette = {};
  for (const paint of painters) paint();
}

const kept = {
  get(name) { try { return localStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { localStorage.setItem(name, value); } catch { /* A file of its own keeps nothing. */ } },
};
