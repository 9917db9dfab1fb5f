/** Whether records can be written at present; tells of trouble once a minute, and of its end. */

const complainEveryMs = 60_000;

export class Troubles {
  readonly #warn: (message: string) => void;
  readonly #monotonic: () => number;
  #degraded: string | undefined;
  #complained = false;
  #lastComplaint = Number.NEGATIVE_INFINITY;

  /** `monotonic` gives milliseconds. */
  constructor(warn: (message: string) => void, monotonic: () => number = () => performance.now()) {
    this.#warn = warn;
    this.#monotonic = monotonic;
  }

  get degraded(): string | undefined {
    return this.#degraded;
  }

  begin(reason: string, waiting: number, dropped: number): void {
    this.#degraded = reason;
    if (this.#monotonic() - this.#lastComplaint < complainEveryMs) return;
    this.#lastComplaint = this.#monotonic();
    this.#complained = true;
    this.#warn(
      `the history can't be written: ${reason}; the schedule goes on, ${counted(waiting, dropped)}, trying again`,
    );
  }

  end(dropped: number): void {
    if (this.#degraded === undefined) return;
    this.#degraded = undefined;
    if (this.#complained) this.#warn(`the history is written again; ${counted(undefined, dropped)}`);
    this.#complained = false;
  }
}

function counted(waiting: number | undefined, dropped: number): string {
  const waits = waiting === undefined ? [] : [`${waiting} records wait`];
  return [...waits, `${dropped} were given up`].join(', ');
}
