/**
 * Regular expressions of users, matched in linear time.
 *
 * JavaScript's own engine backtracks: `(a+)+b` needs hours for 64 letters, and the names to match come from
 * whoever may set labels. So the expression is compiled into a small program, and a name is matched by following
 * all of its threads at once (Thompson's construction): a step per instruction and character, whatever they are.
 *
 * Worked example: `a+b` becomes `0 one(a)  1 split(0, 2)  2 one(b)  3 match`. For `ab`: threads {0} -a-> {0, 2}
 * (1 is followed at once) -b-> {3}: matched.
 *
 * A character, an escape or a class is tested by a RegExp of its own against one character, which is safe.
 * What needs backtracking (references, look-around, `\b`) is refused, as are expressions that grow too large.
 */
import type { Reading } from './reading.ts';
import { quote } from './text.ts';

/** What a whole name must match. A RegExp fits as well. */
export interface NamePattern {
  readonly source: string;
  test(name: string): boolean;
}

type Instruction =
  | { readonly kind: 'one'; readonly test: RegExp }
  | { readonly kind: 'split'; readonly to: readonly number[] };

/** Instructions; `[a-z]{1,64}` needs 128. */
const largestProgram = 4000;
const deepest = 50;

/** Compiles the text of a regular expression; it will have to match whole names. */
export function readNamePattern(source: string): Reading<NamePattern> {
  try {
    if (source.length > 1000) throw new Unsupported('it is longer than 1,000 characters');
    new RegExp(source);
    const program = compile(source);
    return { ok: true, value: { source, test: remembering((name) => run(program, name)) } };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const reason = error.message.replace(/^Invalid regular expression: .*\/[a-z]*: /s, '');
    return {
      ok: false,
      message: `${quote(source)} can't be used as a regular expression: ${reason}`,
      hint: 'Characters, classes, groups, | and the quantifiers * + ? {m,n} are understood',
    };
  }
}

const mostNames = 4096;

/** Few names are used by many jobs. */
function remembering(test: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const result = test(name);
    if (known.size >= mostNames) known.clear();
    known.set(name, result);
    return result;
  };
}

class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

interface Source {
  readonly text: string;
  at: number;
}

type Node =
  | { readonly kind: 'one'; readonly test: RegExp }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number };

function compile(text: string): readonly Instruction[] {
  const trimmed = text.replace(/^\^/, '').replace(/(^|[^\\])\$$/, '$1');
  const source = { text: trimmed, at: 0 };
  const program: Instruction[] = [];
  emit(choice(source, 0), program);
  return program;
}

function choice(source: Source, depth: number): Node {
  if (depth > deepest) throw new Unsupported('its groups are nested too deeply');
  const parts = [sequence(source, depth)];
  while (source.text[source.at] === '|') {
    source.at++;
    parts.push(sequence(source, depth));
  }
  return { kind: 'choice', parts };
}

function sequence(source: Source, depth: number): Node {
  const parts: Node[] = [];
  for (;;) {
    const next = source.text[source.at];
    if (next === undefined || next === '|' || next === ')') return { kind: 'sequence', parts };
    parts.push(quantified(source, atom(source, depth)));
  }
}

function quantified(source: Source, part: Node): Node {
  const found = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(source.text.slice(source.at, source.at + 20));
  if (found === null) return part;
  source.at += found[0].length;
  const [, sign, least = '0', comma, most = ''] = found;
  if (sign !== undefined) {
    return {
      kind: 'repeat',
      part,
      least: sign === '+' ? 1 : 0,
      most: sign === '?' ? 1 : Number.POSITIVE_INFINITY,
    };
  }
  const upper = comma === undefined ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most);
  return { kind: 'repeat', part, least: Number(least), most: upper };
}

/** What stands for one character: a class, an escape of more than one character, an escape, or itself. */
const oneCharacter = /^(?:\[(?:\\.|[^\]\\])*\]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\c[a-z]|\\.|.)/is;

function atom(source: Source, depth: number): Node {
  const { text } = source;
  const next = text[source.at];
  if (next === '(') return group(source, depth);
  if (next === '^' || next === '$')
    throw new Unsupported(`${next} stands within it (names are matched whole anyway)`);
  const found = oneCharacter.exec(text.slice(source.at))?.[0] ?? '';
  if (/^\\[1-9kbBpP]/.test(found)) throw new Unsupported(`${found} is not understood`);
  source.at += found.length;
  return { kind: 'one', test: new RegExp(`^(?:${found})$`, 's') };
}

function group(source: Source, depth: number): Node {
  const opening = /^\((?:\?(?::|<[A-Za-z_]\w*>))?/.exec(source.text.slice(source.at))?.[0] ?? '(';
  source.at += opening.length;
  if (source.text[source.at] === '?')
    throw new Unsupported('look-around and flags within it are not understood');
  const inner = choice(source, depth + 1);
  if (source.text[source.at] !== ')') throw new Unsupported('a group is not closed');
  source.at++;
  return inner;
}

function emit(node: Node, program: Instruction[]): void {
  if (program.length > largestProgram) throw new Unsupported('it is too large');
  switch (node.kind) {
    case 'one':
      program.push(node);
      return;
    case 'sequence':
      for (const part of node.parts) emit(part, program);
      return;
    case 'choice':
      emitChoice(node.parts, program);
      return;
    case 'repeat':
      emitRepeat(node.part, node.least, node.most, program);
  }
}

function emitChoice(parts: readonly Node[], program: Instruction[]): void {
  if (parts.length === 1 && parts[0] !== undefined) {
    emit(parts[0], program);
    return;
  }
  const starts: number[] = [];
  const end: number[] = [];
  program.push({ kind: 'split', to: starts });
  for (const part of parts) {
    starts.push(program.length);
    emit(part, program);
    program.push({ kind: 'split', to: end });
  }
  end.push(program.length);
}

function emitRepeat(part: Node, least: number, most: number, program: Instruction[]): void {
  for (let count = 0; count < least; count++) emit(part, program);
  if (most === Number.POSITIVE_INFINITY) {
    const start = program.length;
    const to = [start + 1];
    program.push({ kind: 'split', to });
    emit(part, program);
    program.push({ kind: 'split', to: [start] });
    to.push(program.length);
    return;
  }
  const skips: number[][] = [];
  for (let count = least; count < most; count++) {
    const to = [program.length + 1];
    skips.push(to);
    program.push({ kind: 'split', to });
    emit(part, program);
  }
  for (const to of skips) to.push(program.length);
}

/** Follows all threads at once; being past the last instruction is a match. */
function run(program: readonly Instruction[], name: string): boolean {
  let threads = follow(program, [0]);
  for (const character of name) {
    const next: number[] = [];
    for (const at of threads) {
      const instruction = program[at];
      if (instruction?.kind === 'one' && instruction.test.test(character)) next.push(at + 1);
    }
    if (next.length === 0) return false;
    threads = follow(program, next);
  }
  return threads.has(program.length);
}

/** The given places and all that splits lead to from there. */
function follow(program: readonly Instruction[], from: readonly number[]): Set<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    const instruction = program[at];
    if (instruction?.kind === 'split') open.push(...instruction.to);
  }
  return reached;
}
