/** Waiting for what tells no record: a file's content, an engine's state. */

/** Asks every 50 ms until the answer is neither undefined nor false, and returns it; fails after `limitMs`. */
export async function eventually<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
