/**
 * A bounded memory of two generations: what was used since the last turn is young, a full young generation
 * becomes the old one, and what stayed unused in the old one is forgotten.
 */
const GENERATION = 32_768;

export class Remembered<Family, Value> {
  #young = new Map<Family, Map<string, Value>>();
  #old = new Map<Family, Map<string, Value>>();
  #count = 0;

  /** The value of a key in a family (so that no key needs to be joined from parts). */
  get(family: Family, key: string): Value | undefined {
    const young = this.#young.get(family)?.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(family)?.get(key);
    if (old !== undefined) this.set(family, key, old);
    return old;
  }

  set(family: Family, key: string, value: Value): void {
    if (this.#count >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#count = 0;
    }
    let values = this.#young.get(family);
    if (values === undefined) {
      values = new Map();
      this.#young.set(family, values);
    }
    values.set(key, value);
    this.#count++;
  }
}
