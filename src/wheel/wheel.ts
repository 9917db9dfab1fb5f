/**
 * A timer wheel: keeps deadlines (whole milliseconds) and hands them out in order as time passes.
 *
 * Idea. Three levels of slots, each slot a list of timers. A slot of the first level is 1 ms wide, of the second
 * 1,024 ms, of the third 1,024 x 65,536 ms (18.6 hours); together they reach 139 years. A timer lies in the
 * narrowest level whose present turn contains its deadline, and moves down (cascades) when time enters its slot,
 * so at most twice in its life. Empty slots are passed over by bitmaps, never one by one.
 * Timers are rows of typed arrays, not objects: the garbage collector has nothing to walk, and a row costs 20 bytes.
 *
 * Worked example, counted from the wheel's origin. Time is 5,000: block 0 of the third level, slot 4 of the second
 * (4 x 1,024 = 4,096), slot 904 of the first. A deadline at 5,100 shares slot 4, so it goes to the first level, slot
 * 1,004. One at 9,000 goes to the second, slot 8; when time reaches 8,192, slot 8 is spread over the first level,
 * where it lands in slot 808. One a year ahead goes to the third level, slot 469.
 *
 * Invariants
 * - No slot before the present one holds a timer, on any level; deadlines that have passed lie in the present slot.
 * - The slot of the second and third level that contains the present is empty: its timers have moved down.
 * - A bit is set exactly if its slot's list is not empty.
 * - `expire` hands out deadlines in ascending order; the order among equal ones, and among those that had passed
 *   when they were inserted, is not defined.
 */
import { type Bitmap, clearAll, clearBit, createBitmap, nextBit, setBit } from './bitmap.ts';

const FIRST = 1024;
const WIDE = 65_536;
const BLOCK_BITS = 16;
const SLOTS = FIRST + WIDE + WIDE;
const HORIZON = FIRST * WIDE * WIDE;
const NONE = -1;
/** Slot of a row that holds no timer. */
const FREE = -1;

/** Names one timer until it expires or is cancelled; then the wheel may give the number to another. */
export type TimerHandle = number;

export class Wheel {
  #origin: number;
  /** The present, counted from the origin: second-level slot since the origin, and first-level slot within it. */
  #high = 0;
  #low = 0;
  #size = 0;
  #free = NONE;
  #rows = 0;
  #deadline = new Float64Array(256);
  #next = new Int32Array(256);
  #previous = new Int32Array(256);
  #slot = new Int32Array(256);
  readonly #heads = new Int32Array(SLOTS).fill(NONE);
  readonly #levels: readonly [Bitmap, Bitmap, Bitmap] = [
    createBitmap(FIRST),
    createBitmap(WIDE),
    createBitmap(WIDE),
  ];

  /** `now` is the present, in whole milliseconds of any clock. */
  constructor(now: number) {
    this.#origin = wholeMs(now);
  }

  /** How many timers it holds. */
  get size(): number {
    return this.#size;
  }

  /** The present: everything up to it was handed out. */
  get now(): number {
    return this.#origin + this.#high * FIRST + this.#low;
  }

  /** Adds a timer; a deadline that has passed is due at once. Throws `RangeError` unless it is a whole number. */
  insert(deadline: number): TimerHandle {
    const row = this.#takeRow();
    this.#deadline[row] = wholeMs(deadline);
    this.#place(row);
    this.#size += 1;
    return row;
  }

  /** Removes a timer; false if the handle names none. */
  cancel(handle: TimerHandle): boolean {
    if (!this.#holds(handle)) return false;
    this.#unlink(handle);
    this.#release(handle);
    return true;
  }

  /** Gives a timer another deadline under the same handle; false if the handle names none. */
  rearm(handle: TimerHandle, deadline: number): boolean {
    if (!this.#holds(handle)) return false;
    this.#deadline[handle] = wholeMs(deadline);
    this.#unlink(handle);
    this.#place(handle);
    return true;
  }

  /** The deadline of a timer, or undefined if the handle names none. */
  deadline(handle: TimerHandle): number | undefined {
    return this.#holds(handle) ? this.#deadline[handle] : undefined;
  }

  /**
   * A moment not later than the next deadline, in constant time: the deadline itself if it lies within the present
   * 1,024 ms, else the start of its slot, where `expire` will see it closer. Undefined if there is no timer.
   */
  nextWake(): number | undefined {
    if (this.#size === 0) return undefined;
    const [first, second, third] = this.#levels;
    const low = nextBit(first, this.#low);
    if (low >= 0) return this.#origin + this.#high * FIRST + low;
    const block = this.#high >>> BLOCK_BITS;
    const slot = nextBit(second, (this.#high & (WIDE - 1)) + 1);
    if (slot >= 0) return this.#origin + (block * WIDE + slot) * FIRST;
    return this.#origin + nextBit(third, block + 1) * WIDE * FIRST;
  }

  /**
   * Moves the present to `until` and hands out every timer due by then. A timer is gone when its callback is called,
   * which may insert and cancel others; one inserted for a moment up to `until` is handed out as well. A moment
   * before the present changes nothing.
   */
  expire(until: number, callback: (handle: TimerHandle, deadline: number) => void): void {
    const target = wholeMs(until);
    if (target < this.now) return;
    if (target - this.#origin >= HORIZON / 2) this.#leap(target, callback);
    const ticks = target - this.#origin;
    const high = Math.floor(ticks / FIRST);
    const low = ticks - high * FIRST;
    for (;;) {
      this.#expireFirst(high === this.#high ? low : FIRST - 1, callback);
      if (high === this.#high) break;
      if (!this.#descend(high)) {
        this.#high = high;
        this.#low = low;
        break;
      }
    }
  }

  /** Sets the present to any moment, also an earlier one; timers keep their deadlines. Costs a pass over all. */
  reset(now: number): void {
    this.#origin = wholeMs(now);
    this.#high = 0;
    this.#low = 0;
    this.#heads.fill(NONE);
    for (const level of this.#levels) clearAll(level);
    for (let row = 0; row < this.#rows; row += 1) if (this.#slot[row] !== FREE) this.#place(row);
  }

  /** Far leap: hands out what is due by a sort, then counts from a new origin, so that the horizon stays ahead. */
  #leap(target: number, callback: (handle: TimerHandle, deadline: number) => void): void {
    const due: number[] = [];
    for (let row = 0; row < this.#rows; row += 1) {
      if (this.#slot[row] !== FREE && (this.#deadline[row] as number) <= target) due.push(row);
    }
    due.sort((a, b) => (this.#deadline[a] as number) - (this.#deadline[b] as number));
    for (const row of due) {
      if (this.#slot[row] === FREE || (this.#deadline[row] as number) > target) continue;
      this.#unlink(row);
      this.#handOut(row, callback);
    }
    this.reset(target);
  }

  /** Hands out the first level from the present slot to `last`, and moves the present there. */
  #expireFirst(last: number, callback: (handle: TimerHandle, deadline: number) => void): void {
    const first = this.#levels[0];
    for (;;) {
      const slot = nextBit(first, this.#low);
      if (slot < 0 || slot > last) break;
      this.#low = slot;
      for (let row = this.#heads[slot] as number; row !== NONE; row = this.#heads[slot] as number) {
        this.#unlink(row);
        this.#handOut(row, callback);
      }
    }
    this.#low = last;
  }

  /** Moves the present to the next second-level slot with timers, at most to `limit`; false if there is none. */
  #descend(limit: number): boolean {
    const block = this.#high >>> BLOCK_BITS;
    const slot = nextBit(this.#levels[1], (this.#high & (WIDE - 1)) + 1);
    if (slot >= 0) {
      const high = block * WIDE + slot;
      if (high > limit) return false;
      this.#enter(high, FIRST + slot);
      return true;
    }
    const next = nextBit(this.#levels[2], block + 1);
    if (next < 0 || next * WIDE > limit) return false;
    this.#enter(next * WIDE, FIRST + WIDE + next);
    return true;
  }

  /** Makes `high` the present and spreads the list of the slot that time enters over the levels below. */
  #enter(high: number, slot: number): void {
    this.#high = high;
    this.#low = 0;
    let row = this.#heads[slot] as number;
    this.#heads[slot] = NONE;
    this.#clear(slot);
    while (row !== NONE) {
      const next = this.#next[row] as number;
      this.#place(row);
      row = next;
    }
  }

  #place(row: number): void {
    const ticks = Math.min((this.#deadline[row] as number) - this.#origin, HORIZON - 1);
    const high = Math.floor(ticks / FIRST);
    if (high < this.#high) this.#link(row, this.#low);
    else if (high === this.#high) this.#link(row, Math.max(ticks - high * FIRST, this.#low));
    else {
      const block = high >>> BLOCK_BITS;
      if (block === this.#high >>> BLOCK_BITS) this.#link(row, FIRST + (high & (WIDE - 1)));
      else this.#link(row, FIRST + WIDE + block);
    }
  }

  #link(row: number, slot: number): void {
    const head = this.#heads[slot] as number;
    this.#slot[row] = slot;
    this.#previous[row] = NONE;
    this.#next[row] = head;
    this.#heads[slot] = row;
    if (head !== NONE) this.#previous[head] = row;
    else if (slot < FIRST) setBit(this.#levels[0], slot);
    else if (slot < FIRST + WIDE) setBit(this.#levels[1], slot - FIRST);
    else setBit(this.#levels[2], slot - FIRST - WIDE);
  }

  #unlink(row: number): void {
    const next = this.#next[row] as number;
    const previous = this.#previous[row] as number;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous !== NONE) this.#next[previous] = next;
    else {
      const slot = this.#slot[row] as number;
      this.#heads[slot] = next;
      if (next === NONE) this.#clear(slot);
    }
  }

  #clear(slot: number): void {
    if (slot < FIRST) clearBit(this.#levels[0], slot);
    else if (slot < FIRST + WIDE) clearBit(this.#levels[1], slot - FIRST);
    else clearBit(this.#levels[2], slot - FIRST - WIDE);
  }

  #handOut(row: number, callback: (handle: TimerHandle, deadline: number) => void): void {
    const deadline = this.#deadline[row] as number;
    this.#release(row);
    callback(row, deadline);
  }

  #holds(handle: TimerHandle): boolean {
    return handle >= 0 && handle < this.#rows && this.#slot[handle] !== FREE;
  }

  #takeRow(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#next[free] as number;
      return free;
    }
    if (this.#rows === this.#deadline.length) this.#grow();
    this.#rows += 1;
    return this.#rows - 1;
  }

  #release(row: number): void {
    this.#slot[row] = FREE;
    this.#next[row] = this.#free;
    this.#free = row;
    this.#size -= 1;
  }

  #grow(): void {
    const size = this.#deadline.length * 2;
    const deadline = new Float64Array(size);
    deadline.set(this.#deadline);
    this.#deadline = deadline;
    this.#next = wider(this.#next, size);
    this.#previous = wider(this.#previous, size);
    this.#slot = wider(this.#slot, size);
  }
}

function wider(array: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(size);
  grown.set(array);
  return grown;
}

function wholeMs(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number of milliseconds: ${value}`);
  return value;
}
