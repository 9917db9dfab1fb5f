/**
 * Splits a command into words as a POSIX shell does, and does nothing else of a shell: no expansion, no
 * comment, no operator. `sh -c 'a | b'` gives `sh`, `-c`, `a | b`.
 *
 * Outside of quotes a backslash keeps the next character; within double quotes only before `"`, `\`, `$`,
 * a backtick and a line end; within single quotes it is itself. A backslash before a line end removes both.
 */
import type { Reading } from './reading.ts';

type State = 'between' | 'word' | 'single' | 'double';

/** The words, at least one. The message never quotes the command: commands may hold secrets. */
export function splitWords(command: string): Reading<readonly string[]> {
  if (command.includes('\0'))
    return { ok: false, message: 'holds a NUL character, which no argument can hold' };
  const words: string[] = [];
  let word = '';
  let state: State = 'between';
  let opened = 0;
  for (let at = 0; at < command.length; at++) {
    const character = command.charAt(at);
    if (state === 'single') {
      if (character === "'") state = 'word';
      else word += character;
    } else if (character === '\\') {
      if (at + 1 === command.length)
        return { ok: false, message: 'ends with a lone backslash', hint: trailing };
      at++;
      const next = command.charAt(at);
      if (next === '\n') continue;
      word += state === 'double' && !'"\\$`'.includes(next) ? `\\${next}` : next;
      if (state === 'between') state = 'word';
    } else if (state === 'double') {
      if (character === '"') state = 'word';
      else word += character;
    } else if (character === "'" || character === '"') {
      state = character === '"' ? 'double' : 'single';
      opened = at + 1;
    } else if (isBlank(character)) {
      if (state === 'word') words.push(word);
      word = '';
      state = 'between';
    } else {
      word += character;
      state = 'word';
    }
  }
  if (state === 'single' || state === 'double') return unbalanced(state, opened);
  if (state === 'word') words.push(word);
  return words.length > 0 ? { ok: true, value: words } : { ok: false, message: 'is empty' };
}

const trailing = 'Write \\\\ for a backslash';

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n';
}

function unbalanced(state: 'single' | 'double', opened: number): Reading<never> {
  const sign = state === 'single' ? "'" : '"';
  return {
    ok: false,
    message: `has a ${state} quote at character ${opened} that is never closed`,
    hint: `Close it, or write \\${sign} for the character itself`,
  };
}
