/**
 * Variables in the values of a compose file, as compose puts them in: `$$` is a dollar sign, `$NAME` and `${NAME}`
 * the variable, `${NAME:-default}` and `${NAME-default}` with a default, `${NAME:+other}` and `${NAME+other}` the
 * other if it is set, `${NAME:?message}` and `${NAME?message}` a mistake if it is not.
 */

export interface Interpolated {
  readonly text: string;
  /** Variables that have neither a value nor a default: what stands in their place is empty. */
  readonly unknown: readonly string[];
  /** What compose would refuse. */
  readonly mistake?: string;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** Defaults may hold variables themselves; deeper than this nobody writes. */
const maxDepth = 10;

const name = /^[A-Za-z_][A-Za-z0-9_]*/;

export function interpolate(text: string, variables: Variables): Interpolated {
  if (!text.includes('$')) return { text, unknown: [] };
  const state: State = { variables, unknown: new Set(), mistake: undefined };
  const expanded = expand(state, text, 0);
  return {
    text: expanded,
    unknown: [...state.unknown],
    ...(state.mistake !== undefined && { mistake: state.mistake }),
  };
}

interface State {
  readonly variables: Variables;
  readonly unknown: Set<string>;
  mistake: string | undefined;
}

function fail(state: State, message: string): string {
  state.mistake ??= message;
  return '';
}

function expand(state: State, source: string, depth: number): string {
  if (depth > maxDepth) return fail(state, 'variables are nested too deeply');
  let result = '';
  let at = 0;
  for (let dollar = source.indexOf('$'); dollar !== -1; dollar = source.indexOf('$', at)) {
    result += source.slice(at, dollar);
    const next = source[dollar + 1];
    const bare = name.exec(source.slice(dollar + 1, dollar + 257))?.[0];
    if (next === '$') {
      result += '$';
      at = dollar + 2;
    } else if (next === '{') {
      const end = closingBrace(source, dollar + 2);
      if (end === -1) return result + fail(state, `a "$" with "{" has no "}" (write "$$" for a dollar sign)`);
      result += braced(state, source.slice(dollar + 2, end), depth);
      at = end + 1;
    } else if (bare !== undefined) {
      result += lookUp(state, bare) ?? unknownVariable(state, bare);
      at = dollar + 1 + bare.length;
    } else {
      return result + fail(state, 'a single "$" means nothing to compose (write "$$" for a dollar sign)');
    }
  }
  return result + source.slice(at);
}

function lookUp(state: State, variable: string): string | undefined {
  return Object.hasOwn(state.variables, variable) ? state.variables[variable] : undefined;
}

function unknownVariable(state: State, variable: string): string {
  state.unknown.add(variable);
  return '';
}

function braced(state: State, inner: string, depth: number): string {
  const variable = name.exec(inner)?.[0];
  const shown = `"\${${inner.slice(0, 40)}}"`;
  if (variable === undefined) return fail(state, `${shown} names no variable`);
  const [, colon, operator, operand = ''] = /^(:?)([-+?])(.*)$/s.exec(inner.slice(variable.length)) ?? [];
  const value = lookUp(state, variable);
  const isSet = value !== undefined && (colon !== ':' || value !== '');
  switch (operator) {
    case '-':
      return isSet ? value : expand(state, operand, depth + 1);
    case '+':
      return isSet ? expand(state, operand, depth + 1) : '';
    case '?':
      return isSet ? value : unknownVariable(state, variable);
    default:
      if (inner.length !== variable.length) return fail(state, `${shown} is not understood`);
      return value ?? unknownVariable(state, variable);
  }
}

/** The brace that closes the one before `from`; -1 if there is none. */
function closingBrace(source: string, from: number): number {
  let open = 1;
  for (let at = from; at < source.length; at++) {
    if (source[at] === '}' && --open === 0) return at;
    if (source[at] === '{' && source[at - 1] === '$') open += 1;
  }
  return -1;
}
