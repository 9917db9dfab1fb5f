/**
 * Which stretches of the wall clock were lived through, so that each cron time fires at most once whatever is done
 * to the clock, and none stays silent for longer than it must.
 *
 * Idea. While both clocks agree, one span grows. A jump forward ends the span and begins another at the new time: what lies
 * between was not lived (each job runs once, late). A jump back into the present span changes nothing: those times have
 * fired, and the next ones are armed behind them. A jump back to before the present span begins another span there, and
 * fire times are looked for anew, leaving out all that lie in an earlier span.
 *
 * Example: the clock stands at 12:00, is set to next year by mistake, and back to 11:00 a minute later. Jobs at 11:30 stay
 * silent (lived), jobs at 12:30 fire, jobs at New Year fire (not lived but for one minute of next year).
 */
import type { Now } from '../ids.ts';

/** Differences below this are drift (slewing by NTP), not jumps; milliseconds. */
const JUMP_MS = 1_000;
/** Spans kept; older ones are forgotten. */
export const SPANS = 16;

interface Span {
  /** Not lived itself: the span is (from, until]. */
  readonly from: number;
  readonly until: number;
}

export interface LivedClock {
  readonly past: Span[];
  /** Present span. */
  from: number;
  until: number;
  /** Wall minus monotonic clock, at the last look; readings differ by a millisecond or so. */
  seen: number;
  /**
   * The same for reckoning, in whole milliseconds: it changes only when the clock jumped or drifted by a second, so that
   * an interval's fire time is the same number whenever it is reckoned, also in the next process.
   */
  offset: number;
}

/** `steady`: deadlines stand. `forward`: they stand as well, many may be due. `backward`: they must be sought anew. */
export type ClockStep = 'steady' | 'forward' | 'backward';

export function createLivedClock(now: Now): LivedClock {
  const seen = now.wall - now.mono;
  return { past: [], from: now.wall, until: now.wall, seen, offset: Math.round(seen) };
}

/** Takes in a reading of both clocks. */
export function observe(clock: LivedClock, now: Now): { readonly step: ClockStep; readonly jumpMs: number } {
  const seen = now.wall - now.mono;
  const jumpMs = seen - clock.seen;
  clock.seen = seen;
  if (Math.max(Math.abs(jumpMs), Math.abs(seen - clock.offset)) >= JUMP_MS) clock.offset = Math.round(seen);
  if (jumpMs >= JUMP_MS) {
    beginSpan(clock, now.wall);
    return { step: 'forward', jumpMs };
  }
  if (jumpMs <= -JUMP_MS && now.wall <= clock.from) {
    beginSpan(clock, now.wall);
    return { step: 'backward', jumpMs };
  }
  if (now.wall > clock.until) clock.until = now.wall;
  return { step: 'steady', jumpMs: Math.abs(jumpMs) >= JUMP_MS ? jumpMs : 0 };
}

function beginSpan(clock: LivedClock, wall: number): void {
  clock.past.push({ from: clock.from, until: clock.until });
  if (clock.past.length > SPANS) clock.past.shift();
  clock.from = wall;
  clock.until = wall;
}

/** The end of the longest span but for the last one: where the clock most likely was right. */
export function livedUntil(clock: LivedClock): number {
  let longest: Span = { from: 0, until: Number.NEGATIVE_INFINITY };
  for (const span of clock.past.slice(0, -1)) {
    if (span.until - span.from > longest.until - longest.from) longest = span;
  }
  return longest.until;
}

/** The first fire time after `after` that was not lived through yet. */
export function nextUnlived(
  clock: LivedClock,
  next: (after: number) => number | undefined,
  after: number,
): number | undefined {
  let time = next(after);
  while (time !== undefined && clock.past.length > 0) {
    const at: number = time;
    const span = clock.past.find((each) => at > each.from && at <= each.until);
    if (span === undefined) break;
    time = next(span.until);
  }
  return time;
}
