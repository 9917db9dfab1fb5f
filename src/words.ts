/** Moments, durations and counts as people read them. */

/** Formatters are costly to make; so many zones are kept. */
const maxFormatters = 64;
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timezone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timezone);
  if (formatter === undefined) {
    if (formatters.size >= maxFormatters) formatters.clear();
    formatter = new Intl.DateTimeFormat('sv-SE', {
      timeZone: timezone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    formatters.set(timezone, formatter);
  }
  return formatter;
}

/** `2026-11-26 03:00:00` on the clock of the zone, of epoch milliseconds; what Date can't hold is said so. */
export function zonedTime(at: number, timezone: string): string {
  if (!(Math.abs(at) <= 8.64e15)) return 'beyond the calendar';
  return formatterFor(timezone).format(at);
}

/** `2026-11-26 03:00:00 Europe/Berlin`. */
export function zonedTimeWithZone(at: number, timezone: string): string {
  return `${zonedTime(at, timezone)} ${timezone}`;
}

/** `2026-11-26T02:00:00.000Z`, or undefined for what Date can't hold. */
export function isoTime(at: number): string | undefined {
  if (at === latest.at) return latest.text;
  const text = Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : undefined;
  latest = { at, text };
  return text;
}

/** Many records in a row tell of one moment. */
let latest: { readonly at: number; readonly text: string | undefined } = { at: Number.NaN, text: undefined };

const units: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
];

/** `85 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`; of milliseconds. Infinity is `for ever`. */
export function durationWords(ms: number): string {
  if (!Number.isFinite(ms)) return 'for ever';
  if (ms < 0) return `-${durationWords(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${Number((ms / 1000).toFixed(1))} s`;
  const rounded = Math.round(ms / 1000) * 1000;
  const index = units.findIndex(([size]) => rounded >= size);
  const [size, name] = units[index] ?? [60_000, 'min'];
  const [nextSize, nextName] = units[index + 1] ?? [1000, 's'];
  const rest = Math.floor((rounded % size) / nextSize);
  return `${Math.floor(rounded / size)} ${name}${rest === 0 ? '' : ` ${rest} ${nextName}`}`;
}

/** `1 line`, `3 lines`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
