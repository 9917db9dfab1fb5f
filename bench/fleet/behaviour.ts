/**
 * What an exec does, chosen by its command words. Pure: words in, steps out.
 *
 * Known commands (also several of them in `sh -c 'one; two && three'`, with `>&2`):
 *   true, false, exit N, sleep SECONDS, echo WORDS, print LINES [BYTES-PER-LINE], stderr WORDS, flood BYTES,
 *   bytes HEX (raw output), env, pwd, whoami, kill-self SIGNAL, hang (also `tail -f …`, `cat`),
 *   stubborn (hangs, and only KILL ends it: see mark-scan.ts),
 *   every SECONDS LINES (a line, a wait, …), fork SECONDS (ends at once; a child keeps the output open)
 *   nonesuch (and any path that begins with /nonesuch): could not be started.
 * Every other command takes the fleet's distributions of duration, output and exit code.
 */
import type { Distribution, Random } from './random.ts';
import { sample } from './random.ts';

export type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'write'; readonly stream: 1 | 2; readonly bytes: Buffer }
  /** Writes `total` bytes as fast as the reader takes them. */
  | { readonly kind: 'flood'; readonly stream: 1 | 2; readonly total: number }
  /** The process has ended, but its stream stays open (a child holds it). */
  | { readonly kind: 'end early'; readonly code: number }
  | { readonly kind: 'never' };

export type Behaviour =
  | { readonly kind: 'runs'; readonly steps: readonly Step[]; readonly code: number }
  | { readonly kind: 'could not start'; readonly reason: string };

export interface ExecAsk {
  readonly words: readonly string[];
  readonly env: readonly string[];
  readonly user: string;
  readonly workdir: string;
}

/** How commands that are not known by name behave. */
export interface Work {
  readonly durationMs: Distribution;
  readonly outputBytes: Distribution;
  /** Share (0 to 1) of executions that end with exit code 1. */
  readonly failing: number;
}

const LINE = 'The quick brown fox jumps over the lazy dog. ';

export function behave(ask: ExecAsk, work: Work, random: Random): Behaviour {
  const command = ask.words[0] ?? '';
  if (command === 'nonesuch' || command.startsWith('/nonesuch')) return notFound(command);
  if (command === 'sh' && ask.words[1] === '-c') return script(ask.words[2] ?? '', ask, work, random);
  return single(ask.words, 1, ask, work, random);
}

function notFound(command: string): Behaviour {
  const why = command.includes('/')
    ? `stat ${command}: no such file or directory`
    : 'executable file not found in $PATH';
  const reason = `OCI runtime exec failed: exec failed: unable to start container process: exec: ${JSON.stringify(command)}: ${why}: unknown`;
  return { kind: 'could not start', reason };
}

function script(text: string, ask: ExecAsk, work: Work, random: Random): Behaviour {
  const steps: Step[] = [];
  let code = 0;
  for (const part of text.split(/;|&&|\n/)) {
    const words = part.trim().split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    const stream = words.includes('>&2') ? 2 : 1;
    const plain = words.filter((word) => word !== '>&2').map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
    const result = single(plain, stream, ask, work, random);
    if (result.kind === 'could not start') return { kind: 'runs', steps, code: 127 };
    steps.push(...result.steps);
    code = result.code;
    if (plain[0] === 'exit' || plain[0] === 'kill-self' || result.steps.some((step) => step.kind === 'never'))
      break;
  }
  return { kind: 'runs', steps, code };
}

function runs(steps: readonly Step[], code = 0): Behaviour {
  return { kind: 'runs', steps, code };
}

function write(stream: 1 | 2, text: string): Step {
  return { kind: 'write', stream, bytes: Buffer.from(text) };
}

function seconds(text: string | undefined): number {
  return Math.max(0, Number(text ?? 0) * 1000) || 0;
}

function single(
  words: readonly string[],
  stream: 1 | 2,
  ask: ExecAsk,
  work: Work,
  random: Random,
): Behaviour {
  const [command = '', first, second] = words;
  switch (command) {
    case 'true':
      return runs([]);
    case 'false':
      return runs([], 1);
    case 'exit':
      return runs([], Number(first ?? 0) & 255);
    case 'sleep':
      return runs([{ kind: 'wait', ms: seconds(first) }]);
    case 'echo':
      return runs([write(stream, `${words.slice(1).join(' ')}\n`)]);
    case 'stderr':
      return runs([write(2, `${words.slice(1).join(' ')}\n`)]);
    case 'print':
      return runs([write(stream, lines(Number(first ?? 1), Number(second ?? 45)))]);
    case 'every':
      return runs(everySteps(seconds(first), Number(second ?? 1), stream));
    case 'flood':
      return runs([{ kind: 'flood', stream, total: Number(first ?? 0) }]);
    case 'bytes':
      return runs([{ kind: 'write', stream, bytes: Buffer.from(first ?? '', 'hex') }]);
    case 'env':
      return runs([write(stream, ask.env.map((entry) => `${entry}\n`).join(''))]);
    case 'pwd':
      return runs([write(stream, `${ask.workdir || '/'}\n`)]);
    case 'whoami':
      return runs([write(stream, `${ask.user.split(':')[0] || 'root'}\n`)]);
    case 'kill-self':
      return runs([], 128 + (Number(first ?? 9) & 127));
    case 'fork':
      return runs([
        { kind: 'end early', code: 0 },
        { kind: 'wait', ms: seconds(first) },
      ]);
    case 'hang':
    case 'stubborn':
    case 'tail':
    case 'cat':
      return runs([{ kind: 'never' }]);
    default:
      return byDistribution(work, random);
  }
}

/** `count` numbered lines of about `width` bytes. */
function lines(count: number, width: number): string {
  let text = '';
  for (let number = 1; number <= count; number += 1) {
    text += `${`${number} ${LINE.repeat(Math.ceil(width / LINE.length))}`.slice(0, Math.max(1, width - 1))}\n`;
  }
  return text;
}

function everySteps(ms: number, count: number, stream: 1 | 2): Step[] {
  const steps: Step[] = [];
  for (let number = 1; number <= count; number += 1)
    steps.push(write(stream, `line ${number} of ${count}\n`), { kind: 'wait', ms });
  return steps;
}

function byDistribution(work: Work, random: Random): Behaviour {
  const steps: Step[] = [];
  const bytes = Math.round(sample(work.outputBytes, random));
  if (bytes > 0) steps.push(write(1, lines(Math.max(1, Math.round(bytes / 60)), Math.min(bytes, 60))));
  const ms = sample(work.durationMs, random);
  if (ms > 0) steps.push({ kind: 'wait', ms });
  return runs(steps, random.next() < work.failing ? 1 : 0);
}
