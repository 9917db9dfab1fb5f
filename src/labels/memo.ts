/**
 * Remembers what was made of a list of texts, without joining them: on a host with many containers the same few
 * texts come again and again, and to join, hash and compare hundreds of characters for each container would cost
 * more than to read its labels.
 *
 * Idea: each distinct text has a small number; a list is found by a hash of its numbers, and recognised by the
 * numbers themselves. Example: `command`, `ls`, `interval`, `1h` -> 1 2 3 4; a container with `2h` -> 1 2 3 5.
 *
 * Use: `begin()`, `add(text)` for each, `get()`; if there is nothing, `set(value)` for the very list just added.
 * Bounded: when too much is known, everything is forgotten; a list with a long text is never known.
 */
export interface Memo<T extends object> {
  begin(): void;
  /** Undefined is told from every text. */
  add(text: string | undefined): void;
  get(): T | undefined;
  set(value: T): void;
}

interface Entry<T> {
  readonly numbers: readonly number[];
  readonly value: T;
  readonly next: Entry<T> | undefined;
}

const mostLists = 8192;
const mostTexts = 65_536;
const mostCharacters = 4_000_000;
const longestText = 4096;

export function createMemo<T extends object>(): Memo<T> {
  const numberOf = new Map<string, number>();
  const lists = new Map<number, Entry<T>>();
  let characters = 0;
  /** The list that is being added. */
  const numbers: number[] = [];
  let hash = 0;
  let tooLong = false;

  function begin(): void {
    if (lists.size >= mostLists || numberOf.size >= mostTexts || characters >= mostCharacters) {
      numberOf.clear();
      lists.clear();
      characters = 0;
    }
    numbers.length = 0;
    hash = 0;
    tooLong = false;
  }

  function add(text: string | undefined): void {
    if (text === undefined) {
      addNumber(0);
      return;
    }
    if (text.length > longestText || numberOf.size >= 2 * mostTexts || characters >= 2 * mostCharacters) {
      tooLong = true;
      return;
    }
    let number = numberOf.get(text);
    if (number === undefined) {
      number = numberOf.size + 1;
      numberOf.set(text, number);
      characters += text.length;
    }
    addNumber(number);
  }

  function addNumber(number: number): void {
    numbers.push(number);
    hash = Math.imul(hash ^ number, 0x9e3779b1);
    hash ^= hash >>> 15;
  }

  function get(): T | undefined {
    if (tooLong) return undefined;
    for (let entry = lists.get(hash); entry !== undefined; entry = entry.next) {
      if (sameNumbers(entry.numbers, numbers)) return entry.value;
    }
    return undefined;
  }

  function set(value: T): void {
    if (!tooLong) lists.set(hash, { numbers: numbers.slice(), value, next: lists.get(hash) });
  }

  return { begin, add, get, set };
}

function sameNumbers(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}
