/**
 * Remembers what was made of a text, so that many containers with equal labels share one definition. Bounded in
 * entries and in characters, since the texts come from strangers; what was not asked for longest goes first.
 */
export interface Memo<T extends object> {
  get(key: string): T | undefined;
  set(key: string, value: T): T;
}

export interface MemoBounds {
  readonly entries: number;
  /** Of all keys together. */
  readonly characters: number;
}

export function createMemo<T extends object>({ entries, characters }: MemoBounds): Memo<T> {
  const known = new Map<string, T>();
  let size = 0;

  function get(key: string): T | undefined {
    const value = known.get(key);
    if (value === undefined) return undefined;
    known.delete(key);
    known.set(key, value);
    return value;
  }

  function set(key: string, value: T): T {
    if (key.length > characters / 64) return value;
    if (known.delete(key)) size -= key.length;
    known.set(key, value);
    size += key.length;
    for (const [oldest] of known) {
      if (known.size <= entries && size <= characters) break;
      known.delete(oldest);
      size -= oldest.length;
    }
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
