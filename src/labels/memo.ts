/**
 * Remembers what was made of a text. Bounded in entries and in characters, since the texts come from strangers.
 *
 * Two generations instead of a list by age: what is asked for moves to the young one; when that is full, it becomes
 * the old one, and the old one is forgotten. So no entry is ever deleted, which is what costs time in a Map.
 */
export interface Memo<T extends object> {
  get(key: string): T | undefined;
  set(key: string, value: T): T;
}

export interface MemoBounds {
  readonly entries: number;
  /** Of all keys of a generation together. */
  readonly characters: number;
}

export function createMemo<T extends object>({ entries, characters }: MemoBounds): Memo<T> {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  let size = 0;

  function get(key: string): T | undefined {
    const value = young.get(key);
    if (value !== undefined) return value;
    const older = old.get(key);
    return older === undefined ? undefined : set(key, older);
  }

  function set(key: string, value: T): T {
    if (key.length > characters / 64) return value;
    if (young.size >= entries || size + key.length > characters) {
      old = young;
      young = new Map();
      size = 0;
    }
    young.set(key, value);
    size += key.length;
    return value;
  }

  return { get, set };
}

/** One text for several, without ambiguity. */
export function joinTexts(texts: readonly string[]): string {
  let joined = '';
  for (const text of texts) joined += `${text.length}:${text}`;
  return joined;
}
