/**
 * The first and the last lines of an execution's output, in bounded memory: the head is kept as it came, the tail
 * moves along. With room for two lines in each, `1 2 3 4 5 6` is kept as `1 2 [… 2 lines left out …] 5 6`.
 * Sizes are characters.
 */

export interface ExcerptLimits {
  readonly head: number;
  readonly tail: number;
}

/** 4 KiB say how it began, 12 KiB how it ended. */
const excerptLimits: ExcerptLimits = { head: 4096, tail: 12_288 };

/** Invariants: `headSize <= head`, `tailSize <= tail`, and nothing is in the tail before the head is full. */
export interface Excerpt {
  readonly limits: ExcerptLimits;
  readonly head: string[];
  headSize: number;
  headFull: boolean;
  /** Lines before `tailStart` have left the tail; they are cut off now and then. */
  tail: string[];
  tailStart: number;
  tailSize: number;
  omitted: number;
}

export function createExcerpt(limits: ExcerptLimits = excerptLimits): Excerpt {
  return { limits, head: [], headSize: 0, headFull: false, tail: [], tailStart: 0, tailSize: 0, omitted: 0 };
}

export function appendLine(excerpt: Excerpt, line: string): void {
  const { head, limits } = excerpt;
  if (!excerpt.headFull && excerpt.headSize + line.length + 1 <= limits.head) {
    head.push(line);
    excerpt.headSize += line.length + 1;
    return;
  }
  excerpt.headFull = true;
  const kept = line.length + 1 > limits.tail ? line.slice(0, Math.max(0, limits.tail - 1)) : line;
  excerpt.tail.push(kept);
  excerpt.tailSize += kept.length + 1;
  trimTail(excerpt);
}

function trimTail(excerpt: Excerpt): void {
  while (excerpt.tailSize > excerpt.limits.tail && excerpt.tailStart < excerpt.tail.length) {
    excerpt.tailSize -= (excerpt.tail[excerpt.tailStart] ?? '').length + 1;
    excerpt.tail[excerpt.tailStart] = '';
    excerpt.tailStart += 1;
    excerpt.omitted += 1;
  }
  if (excerpt.tailStart > 256 && excerpt.tailStart * 2 > excerpt.tail.length) {
    excerpt.tail = excerpt.tail.slice(excerpt.tailStart);
    excerpt.tailStart = 0;
  }
}

/** The whole as text, lines separated by `\n`, empty if there was no output. */
export function excerptText(excerpt: Excerpt | undefined): string {
  if (excerpt === undefined) return '';
  const tail = excerpt.tail.slice(excerpt.tailStart);
  const gap = excerpt.omitted > 0 ? [`[… ${excerpt.omitted} lines left out …]`] : [];
  return [...excerpt.head, ...gap, ...tail].join('\n');
}
