/** The faults that can be switched on: rules for single requests, and a few that concern streams. */
import type { Random } from './random.ts';

/** What happens to a request that a rule fits. */
export type FaultEffect =
  /** An error answer. */
  | { readonly kind: 'status'; readonly status: number; readonly message?: string }
  /** No answer, the connection stays open. */
  | { readonly kind: 'hang' }
  /** The connection is closed without an answer. */
  | { readonly kind: 'cut' }
  /** Answered, but so many milliseconds later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** An answer of status 200 whose body is no JSON. */
  | { readonly kind: 'garbage' }
  /** An answer that announces more than it sends, and then ends. */
  | { readonly kind: 'truncated' };

export interface FaultRule {
  /** A regular expression over `METHOD /path` (without version and query). */
  readonly match: string;
  readonly effect: FaultEffect;
  /** How many requests it strikes; without end if left out. */
  readonly times?: number;
  /** 0 to 1; 1 if left out. */
  readonly probability?: number;
}

/** How output frames are cut when they are written to the socket. */
export type FrameBorders = 'whole' | 'bytes' | 'random';

export interface FaultSettings {
  readonly rules?: readonly FaultRule[];
  readonly frames?: FrameBorders;
  /** Share (0 to 1) of events that vanish without a trace. */
  readonly dropEvents?: number;
}

export class Faults {
  readonly #random: Random;
  #rules: { readonly rule: FaultRule; readonly pattern: RegExp; left: number }[] = [];
  frames: FrameBorders = 'whole';
  dropEvents = 0;
  /** Requests that a rule struck. */
  struck = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Replaces what is named in `settings`; `{rules: []}` heals all requests. */
  set(settings: FaultSettings): void {
    if (settings.rules !== undefined)
      this.#rules = settings.rules.map((rule) => ({
        rule,
        pattern: new RegExp(rule.match),
        left: rule.times ?? Number.POSITIVE_INFINITY,
      }));
    this.frames = settings.frames ?? this.frames;
    this.dropEvents = settings.dropEvents ?? this.dropEvents;
  }

  /** The effect on this request, if any. */
  strike(method: string, path: string): FaultEffect | undefined {
    if (this.#rules.length === 0) return undefined;
    for (const entry of this.#rules) {
      if (entry.left <= 0 || !entry.pattern.test(`${method} ${path}`)) continue;
      if (this.#random.next() >= (entry.rule.probability ?? 1)) continue;
      entry.left -= 1;
      this.struck += 1;
      return entry.rule.effect;
    }
    return undefined;
  }

  /** Whether the next event vanishes. */
  dropsEvent(): boolean {
    return this.dropEvents > 0 && this.#random.next() < this.dropEvents;
  }

  /** Cuts bytes as the frame setting says. */
  pieces(bytes: Buffer): Buffer[] {
    if (this.frames === 'whole') return [bytes];
    const cut: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = this.frames === 'bytes' ? 1 : this.#random.integer(1, 13);
      cut.push(bytes.subarray(at, at + size));
      at += size;
    }
    return cut;
  }
}
