/**
 * Another chorewheel in a container of the same engine, under the same label namespace: whichever container started
 * later gives way. Two on one host find each other without the engine's help (`single.ts`), but containers have
 * network namespaces of their own.
 *
 * Idea: the first list of containers tells them by the label of our image, and each is inspected once. The list is
 * handed on only after that, so that nothing was armed if this instance gives way. All moments compared are the
 * engine's own. Where the other could be this very process, or watch another engine, it doesn't count: better two
 * that run than none.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ContainerId } from '../ids.ts';
import type { InspectedInstance, ListedContainer } from './answers.ts';
import type { Engine } from './engine.ts';

/** The label of our image that names it. */
const TITLE = 'org.opencontainers.image.title';
const DEFAULT_NAMESPACE = 'deck-chores';
/** More containers that call themselves chorewheel are not looked at: inspections at the start have a bound. */
const MOST = 16;
/** For one inspection, in milliseconds. */
const LIMIT_MS = 5_000;

/** This process, as far as it must be told from others. */
export interface Self {
  /** The container in which it runs; undefined where that can't be known for sure, or there is none. */
  readonly container: string | undefined;
  readonly hostname: string;
  readonly namespace: string;
}

export interface OtherInstance {
  readonly name: string;
  /** By the engine's clock, ISO 8601. */
  readonly startedAt: string;
}

interface Candidate extends InspectedInstance {
  readonly id: ContainerId;
  readonly name: string;
}

/**
 * The engine, which asks after other instances with its first complete list. If there is one that has the right of
 * way, `giveWay` is called and that list never answered: the caller is to end.
 */
export function lookForOthers(engine: Engine, self: Self, giveWay: (other: OtherInstance) => void): Engine {
  let looked = false;
  return {
    ...engine,
    get clock() {
      return engine.clock;
    },
    async list(onContainer, onOdd) {
      if (looked) return engine.list(onContainer, onOdd);
      const titled: ListedContainer[] = [];
      const answer = await engine.list((container) => {
        if (isTitled(container) && titled.length < MOST) titled.push(container);
        onContainer(container);
      }, onOdd);
      if (!answer.ok) return answer;
      looked = true;
      const all = await inspectAll(engine, titled);
      const other = olderThan(self, all, engine.address);
      if (other === undefined) return answer;
      giveWay({ name: other.name, startedAt: other.startedAt });
      return new Promise(() => {});
    },
  };
}

function isTitled({ state, labels }: ListedContainer): boolean {
  return state !== 'other' && labels[TITLE] === 'chorewheel';
}

/** One that can't be inspected is going or gone. */
async function inspectAll(engine: Engine, titled: readonly ListedContainer[]): Promise<readonly Candidate[]> {
  const all = titled.map(async ({ id, name }) => {
    const answer = await engine.inspectInstance(id, LIMIT_MS);
    return answer.ok ? [{ ...answer.value, id, name }] : [];
  });
  return (await Promise.all(all)).flat();
}

/** The oldest that has the right of way over `self`. A process outside of containers yields to any that is there. */
function olderThan(self: Self, candidates: readonly Candidate[], address: string): Candidate | undefined {
  const own = candidates.find((candidate) => isSelf(self, candidate));
  const rivals = candidates.filter((candidate) => candidate !== own && isRival(self, candidate, address));
  const [oldest] = rivals.sort(byStart);
  return oldest !== undefined && (own === undefined || byStart(oldest, own) < 0) ? oldest : undefined;
}

function isSelf(self: Self, { id, hostname }: Candidate): boolean {
  if (self.container !== undefined) return id === self.container;
  return hostname === self.hostname || (self.hostname.length >= 12 && id.startsWith(self.hostname));
}

function isRival(self: Self, { running, words, variables }: Candidate, address: string): boolean {
  const { LABEL_NAMESPACE, DOCKER_HOST = '' } = variables;
  const isLocal = DOCKER_HOST === '' || DOCKER_HOST.startsWith('unix:');
  return (
    running &&
    isDaemon(words) &&
    (LABEL_NAMESPACE || DEFAULT_NAMESPACE) === self.namespace &&
    (isLocal || place(DOCKER_HOST) === place(address))
  );
}

/** Host and port, whatever the scheme. */
function place(address: string): string {
  return address.replace(/^\w+:\/\//, '').replace(/\/$/, '');
}

/** Not one of the commands that look at something and end. */
function isDaemon(words: readonly string[]): boolean {
  return words.includes('run') || /(?:^|\/)(?:chorewheel|main\.js)$/.test(words.at(-1) ?? '');
}

function byStart(one: Candidate, other: Candidate): number {
  const difference = Date.parse(one.startedAt) - Date.parse(other.startedAt);
  return difference || (one.id < other.id ? -1 : 1);
}

/** The kernel tells whose files the engine mounted over ours; a host name may be anything. */
export function ownContainer(mounts: string): string | undefined {
  const mounted =
    /^(?:\S+ ){3}\S*\/(?:overlay-)?containers\/([0-9a-f]{64})\/\S* \/etc\/(?:hostname|hosts|resolv\.conf) /m;
  return mounted.exec(mounts)?.[1];
}

export function readSelf(namespace: string): Self {
  return { container: ownContainer(readMounts()), hostname: hostname(), namespace };
}

/** Empty where there is no such file. */
function readMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
