/**
 * LOG_FORMAT: Python's brace template (`{asctime} | {levelname:8} | {message}`), compiled once.
 *
 * A placeholder is `{field}` or `{field:spec}` with spec = [[fill]align][0][width][.precision][type], as Python's
 * format language has it; `{{` and `}}` stand for braces. Nothing of a record is ever taken as a template.
 */
import { escapeText } from './escape.ts';

/** What a template can show of a record. */
export interface FormatRecord {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly levelname: string;
  readonly levelno: number;
  /** Already escaped. */
  readonly message: string;
}

/** One line without its end. */
export type LineFormat = (record: FormatRecord) => string;

export type LogFormatResult =
  /** `json`: one JSON object a line; else a function that makes a line of text. */
  | { readonly ok: true; readonly format: 'json' | LineFormat }
  | { readonly ok: false; readonly message: string };

/** The template that is used unless LOG_FORMAT says otherwise. */
export const defaultLogFormat = '{asctime} | {levelname:8} | {message}';

const programName = 'chorewheel';

type Field = (record: FormatRecord) => string | number;

interface FieldKind {
  readonly get: Field;
  /** undefined = a text. */
  readonly number?: 'whole' | 'decimal';
}

const fields: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  ['asctime', { get: asctimeOf() }],
  ['created', { get: (record) => record.time / 1000, number: 'decimal' }],
  ['levelname', { get: (record) => record.levelname }],
  ['levelno', { get: (record) => record.levelno, number: 'whole' }],
  ['message', { get: (record) => record.message }],
  ['msecs', { get: (record) => record.time - Math.floor(record.time / 1000) * 1000, number: 'decimal' }],
  ['name', { get: () => programName }],
  ['process', { get: () => process.pid, number: 'whole' }],
]);

/** Reads LOG_FORMAT: the word `json` or a template. A mistake says what is wrong and what is accepted. */
export function parseLogFormat(text: string): LogFormatResult {
  if (text.trim().toLowerCase() === 'json') return { ok: true, format: 'json' };
  const parts: (string | ((record: FormatRecord) => string))[] = [];
  const pattern = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;
  for (const [token, placeholder] of text.matchAll(pattern)) {
    if (token === '{{' || token === '}}') parts.push(token.slice(0, 1));
    else if (token === '{' || token === '}')
      return mistake(`a single "${token}"`, 'write it twice to mean the brace itself');
    else if (placeholder === undefined) parts.push(escapeText(token));
    else {
      const compiled = compilePlaceholder(placeholder);
      if (typeof compiled !== 'function') return compiled;
      parts.push(compiled);
    }
  }
  if (!parts.some((part) => typeof part === 'function')) {
    return mistake('no placeholder', 'every line would be the same');
  }
  return { ok: true, format: (record) => joinParts(parts, record) };
}

function joinParts(
  parts: readonly (string | ((record: FormatRecord) => string))[],
  record: FormatRecord,
): string {
  let line = '';
  for (const part of parts) line += typeof part === 'string' ? part : part(record);
  return line;
}

interface Failure {
  readonly ok: false;
  readonly message: string;
}

function mistake(what: string, advice: string): Failure {
  return {
    ok: false,
    message: `${what}: ${advice}; accepted are "json" or text with {${[...fields.keys()].join('}, {')}}, each with width and alignment as in {levelname:8}`,
  };
}

function compilePlaceholder(placeholder: string): ((record: FormatRecord) => string) | Failure {
  const [, name = '', spec = ''] = /^([^:]*):?(.*)$/s.exec(placeholder) ?? [];
  const field = fields.get(name);
  const shown = escapeText(placeholder.slice(0, 60));
  if (field === undefined) return mistake(`{${shown}}`, 'there is no such field');
  const parsed = /^(?:(.)?([<>=^]))?(0)?(\d{1,3})?(?:\.(\d{1,2}))?([sdfg])?$/su.exec(spec);
  if (parsed === null)
    return mistake(`{${shown}}`, 'the part after the colon is not [fill][<>^][width][.precision]');
  const [, fill, align, zero, width, precision, type] = parsed;
  if (field.number === undefined && ((type !== undefined && type !== 's') || align === '=')) {
    return mistake(`{${shown}}`, `${name} is a text, so this does not fit`);
  }
  if (field.number !== undefined && type === 's') return mistake(`{${shown}}`, `${name} is a number`);
  if (field.number === 'decimal' && type === 'd')
    return mistake(`{${shown}}`, `${name} has decimals: write f`);
  if (field.number === 'whole' && (type ?? 'd') === 'd' && precision !== undefined) {
    return mistake(`{${shown}}`, `${name} has no decimals`);
  }
  const place = placing(
    fill ?? (zero === undefined ? ' ' : '0'),
    align ?? (field.number === undefined ? '<' : zero === undefined ? '>' : '='),
    Number(width ?? 0),
  );
  const show = showing(field.number, precision === undefined ? undefined : Number(precision), type);
  const get = field.get;
  if (show === undefined && width === undefined) return get as (record: FormatRecord) => string;
  return (record) => place(show === undefined ? String(get(record)) : show(get(record)));
}

function showing(
  number: 'whole' | 'decimal' | undefined,
  precision: number | undefined,
  type: string | undefined,
): ((value: string | number) => string) | undefined {
  if (number === undefined) {
    return precision === undefined
      ? undefined
      : (value): string => [...String(value)].slice(0, precision).join('');
  }
  if (type === 'f') return (value): string => Number(value).toFixed(precision ?? 6);
  if (type === 'g' || precision !== undefined) {
    return (value): string => String(Number(Number(value).toPrecision(Math.max(1, precision ?? 6))));
  }
  // Python shows a float's decimals always.
  if (number === 'decimal')
    return (value): string => (Number.isInteger(value) ? `${value}.0` : String(value));
  return String;
}

function placing(fill: string, align: string, width: number): (text: string) => string {
  if (width === 0) return (text) => text;
  return (text) => {
    const missing = width - text.length;
    if (missing <= 0) return text;
    switch (align) {
      case '>':
      case '=':
        return fill.repeat(missing) + text;
      case '^':
        return fill.repeat(missing >> 1) + text + fill.repeat(missing - (missing >> 1));
      default:
        return text + fill.repeat(missing);
    }
  };
}

/** Python's `2026-11-26 03:00:00,123` in the local zone of the process; the second's text is kept while it lasts. */
function asctimeOf(): Field {
  let second = Number.NaN;
  let text = '';
  return ({ time }) => {
    const whole = Math.floor(time / 1000);
    if (whole !== second) {
      second = whole;
      const at = new Date(whole * 1000);
      const two = (value: number): string => String(value).padStart(2, '0');
      text = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    }
    return `${text},${String(Math.floor(time - whole * 1000)).padStart(3, '0')}`;
  };
}
