// Small helpers to build the page. Text from labels and jobs only ever becomes text nodes, never markup.

export function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

export function clear(node) {
  node.replaceChildren();
  return node;
}

export const cell = (text, className) => element('td', text, className);

export function row(...cells) {
  const made = element('tr');
  made.append(...cells);
  return made;
}

export function button(text, label, action) {
  const made = element('button', text);
  made.type = 'button';
  made.setAttribute('aria-label', label);
  made.addEventListener('click', action);
  return made;
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });

/** A moment in the visitor's own zone and words. */
export const clock = (at) => format.format(at);

/** A moment with how far it is from now. */
export function since(at) {
  if (at === undefined) return 'none';
  const away = at - Date.now();
  return `${clock(at)} (${away >= 0 ? 'in ' : ''}${span(Math.abs(away))}${away < 0 ? ' ago' : ''})`;
}

/** A duration in milliseconds, short. */
export function span(ms) {
  if (ms === undefined) return '';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3600_000)} h ${Math.round((ms % 3600_000) / 60_000)} min`;
  return `${Math.floor(ms / 86_400_000)} d ${Math.round((ms % 86_400_000) / 3600_000)} h`;
}

export function outcomeClass(execution) {
  if (execution.outcome === 'running') return 'live';
  if (execution.outcome === 'exited') return execution.exitCode === 0 ? 'ok' : 'bad';
  if (['failed to start', 'timeout', 'container gone', 'worker lost', 'misfired'].includes(execution.outcome))
    return 'bad';
  return 'odd';
}
