// Small helpers to build the page. Text from labels and jobs only ever becomes text nodes, never markup.

export const byId = (id) => document.getElementById(id);

export function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

/** Sets a text only if it differs, so that a screen reader isn't told the same again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const cell = (text, className) => element('td', text, className);

/** A cell of two lines, the second one soft. */
export function twoLines(first, second, className) {
  const made = element('td', undefined, className);
  made.append(element('strong', first), element('span', second, 'soft'));
  return made;
}

export function row(...cells) {
  const made = element('tr');
  made.append(...cells);
  return made;
}

/** `label` begins with the visible text, as speech control wants it. */
export function button(text, label, action) {
  const made = element('button', text);
  made.type = 'button';
  made.dataset.verb = text;
  made.setAttribute('aria-label', label);
  made.addEventListener('click', action);
  return made;
}

/**
 * Makes the children of a node those of the items. What did not change keeps its element, so that focus, selection
 * and scroll position stay; an element that is replaced hands its focus to the same button of its successor.
 */
export function patch(parent, items, keyOf, make) {
  const before = new Map(Array.from(parent.children, (child) => [child.dataset.key, child]));
  const children = items.map((item) => {
    const key = keyOf(item);
    const signature = JSON.stringify(item);
    const old = before.get(key);
    if (old?.signature === signature) return old;
    const made = make(item);
    made.dataset.key = key;
    made.signature = signature;
    return made;
  });
  const focused = parent.contains(document.activeElement) ? document.activeElement : undefined;
  const key = focused?.closest('[data-key]')?.dataset.key;
  if (children.some((child, index) => parent.children[index] !== child)) parent.replaceChildren(...children);
  while (parent.children.length > children.length) parent.lastElementChild.remove();
  if (focused === undefined || document.activeElement === focused) return;
  const successor = children.find((child) => child.dataset.key === key);
  const same = [...(successor?.querySelectorAll('button') ?? [])];
  (same.find(({ dataset }) => dataset.verb === focused.dataset.verb) ?? same[0])?.focus();
}

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'short' });

/** A moment in the visitor's own zone and words; without its date if that is today's. */
export function clock(at) {
  return (day.format(at) === day.format(Date.now()) ? time : full).format(at);
}

/** How far it is from now, in words. */
export function away(at) {
  if (at === undefined) return 'none';
  const ms = at - Date.now();
  if (ms < -1000) return `${span(-ms, true)} ago`;
  return ms < 1000 ? 'now' : `in ${span(ms, true)}`;
}

/** A duration in milliseconds, short; `whole` without fractions of a second. */
export function span(ms, whole = false) {
  if (ms === undefined) return '';
  if (ms < 1000 && !whole) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return whole ? `${seconds} s` : `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 3600) return two(seconds, 60, 'min', 's');
  if (seconds < 86_400) return two(seconds / 60, 60, 'h', 'min');
  return two(seconds / 3600, 24, 'd', 'h');
}

function two(amount, factor, large, small) {
  const rest = Math.floor(amount % factor);
  return `${Math.floor(amount / factor)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

const didNotRun = ['skipped', 'misfired', 'missed', 'abandoned', 'cancelled', 'unknown'];
const signs = { ok: '✓', bad: '✕', odd: '–', live: '●' };

/** What became of an execution: a class for its colour, a sign for those who don't see it, and words. */
export function outcomeOf({ outcome, exitCode }) {
  const kind = kindOf(outcome, exitCode);
  return { kind, sign: signs[kind], words: exitCode === undefined ? outcome : `${outcome} ${exitCode}` };
}

function kindOf(outcome, exitCode) {
  if (outcome === 'running') return 'live';
  if (outcome === 'exited' && exitCode === 0) return 'ok';
  return didNotRun.includes(outcome) ? 'odd' : 'bad';
}
