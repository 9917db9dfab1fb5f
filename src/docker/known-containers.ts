/**
 * The running and paused containers as far as we know, from lists and events, told on in the order in which it holds.
 *
 * Idea: what is told depends on the state alone. An event that changes nothing is not told, so that repeats and
 * replays are harmless. While a list is on its way, events are applied as they come (a list may take a minute) and
 * noted; the list then replaces everything, but for the containers that were noted: the event is younger than the list.
 * An event that came before the list was asked for is older than the list and not noted.
 *
 * Example: asked; `die a`, `start b` arrive; the list, made before them, holds a. Told: gone a, container b, then the
 * list {b}.
 *
 * Invariants: nothing is told before the first list; a list that failed changes nothing; a container that waits for
 * its facts is told when they are there, if it is then still known, with the state it then has.
 */
import type { ContainerId } from '../ids.ts';
import type { Container } from '../scheduling/events.ts';
import type { ListedContainer } from './answers.ts';
import type { ContainerFacts, FactSource, Facts } from './container-facts.ts';
import type { WatcherEvent } from './engine-contract.ts';
import type { ContainerLifeEvent } from './event-lines.ts';

interface Entry {
  readonly id: ContainerId;
  name: string;
  state: 'running' | 'paused';
  /** Undefined while they are asked for. */
  facts: Facts | undefined;
}

/** The last events of one container while a list is on its way. */
interface Note {
  state: ContainerLifeEvent | undefined;
  rename: ContainerLifeEvent | undefined;
}

export interface ListBuilder {
  add(container: ListedContainer): void;
  /** Settles when the facts of all added containers are there; never rejects. */
  ready(): Promise<unknown>;
  /** The list is complete and holds now: tells it, then what happened meanwhile. Of no effect if another began. */
  finish(cause: 'start' | 'reconnect' | 'resync'): void;
}

export interface KnownContainers {
  apply(event: ContainerLifeEvent): void;
  /** To be called before the list is asked for. */
  beginList(): ListBuilder;
  readonly size: number;
}

export function createKnownContainers(
  facts: ContainerFacts,
  tell: (event: WatcherEvent) => void,
): KnownContainers {
  let known = new Map<ContainerId, Entry>();
  let notes: Map<ContainerId, Note> | undefined;
  let everListed = false;
  let latest: ListBuilder | undefined;

  function apply(event: ContainerLifeEvent): void {
    if (notes !== undefined) note(notes, event);
    if (everListed) applyToKnown(event);
  }

  function applyToKnown(event: ContainerLifeEvent): void {
    switch (event.action) {
      case 'start':
      case 'unpause':
        upsert(event, 'running');
        break;
      case 'pause':
        upsert(event, 'paused');
        break;
      case 'rename':
        rename(event);
        break;
      default:
        if (known.delete(event.container)) {
          tell({ kind: 'container gone', container: event.container, reason: goneReason(event) });
        }
    }
  }

  function upsert(event: ContainerLifeEvent, state: Entry['state']): void {
    const entry = known.get(event.container);
    const name = event.name || entry?.name || event.container.slice(0, 12);
    if (entry === undefined) {
      const { container: id, image, labels } = event;
      const added: Entry = { id, name, state, facts: undefined };
      known.set(id, added);
      learn(added, { id, name, image, imageId: undefined, labels });
      if (added.facts !== undefined) tellEntry(added, added.facts);
    } else if (entry.state !== state || entry.name !== name) {
      Object.assign(entry, { state, name });
      if (entry.facts !== undefined) tellEntry(entry, entry.facts);
    }
  }

  function rename(event: ContainerLifeEvent): void {
    const entry = known.get(event.container);
    if (entry === undefined || event.name === '' || entry.name === event.name) return;
    entry.name = event.name;
    if (entry.facts !== undefined) tellEntry(entry, entry.facts);
  }

  /** Sets the facts now, or later; later they are told. Gives the promise in that case. */
  function learn(entry: Entry, source: FactSource): Promise<void> | undefined {
    const found = facts.of(source);
    if (!(found instanceof Promise)) {
      entry.facts = found;
      return undefined;
    }
    return found.then((late) => {
      const changed = entry.facts !== late;
      entry.facts = late;
      if (changed && known.get(entry.id) === entry) tellEntry(entry, late);
    });
  }

  function tellEntry(entry: Entry, ofEntry: Facts): void {
    tell({ kind: 'container', container: toContainer(entry, ofEntry) });
  }

  function beginList(): ListBuilder {
    const next = new Map<ContainerId, Entry>();
    const waits: Promise<void>[] = [];
    const noted = new Map<ContainerId, Note>();
    notes = noted;
    const builder: ListBuilder = {
      add(listed): void {
        const { id, name, state } = listed;
        if (state === 'other') return;
        const before = known.get(id)?.facts;
        const entry: Entry = { id, name, state, facts: before };
        next.set(id, entry);
        if (before?.settled === true) return;
        const wait = learn(entry, listed);
        if (wait !== undefined) waits.push(wait);
      },
      ready: () => Promise.all(waits),
      finish(cause): void {
        if (latest !== builder) return;
        if (everListed) for (const [id, { state }] of noted) keepNoted(next, known.get(id), id, state);
        known = next;
        everListed = true;
        notes = undefined;
        tell({ kind: 'listed', containers: [...known.values()].flatMap(whole), cause });
        for (const { state, rename: renamed } of noted.values()) {
          if (state !== undefined) applyToKnown(state);
          if (renamed !== undefined) applyToKnown(renamed);
        }
      },
    };
    latest = builder;
    return builder;
  }

  return {
    apply,
    beginList,
    get size() {
      return known.size;
    },
  };
}

function note(notes: Map<ContainerId, Note>, event: ContainerLifeEvent): void {
  const noted = notes.get(event.container) ?? { state: undefined, rename: undefined };
  notes.set(event.container, noted);
  if (event.action === 'rename') noted.rename = event;
  else Object.assign(noted, { state: event, rename: undefined });
}

/** What was told of a container since the list was asked for stays as it is. */
function keepNoted(
  next: Map<ContainerId, Entry>,
  told: Entry | undefined,
  id: ContainerId,
  state: ContainerLifeEvent | undefined,
): void {
  const inList = next.get(id);
  if (told === undefined) {
    if (state !== undefined) next.delete(id);
  } else if (inList !== undefined) {
    Object.assign(inList, { name: told.name, state: told.state });
  } else if (state !== undefined) {
    next.set(id, told);
  }
}

function whole(entry: Entry): Container[] {
  return entry.facts === undefined ? [] : [toContainer(entry, entry.facts)];
}

function toContainer({ id, name, state }: Entry, { definition, excluded }: Facts): Container {
  return { id, name, state, definition, ...(excluded === undefined ? {} : { excluded }) };
}

function goneReason({ action, labels }: ContainerLifeEvent): string {
  if (action === 'destroy') return 'it was removed';
  const code = labels.exitCode ?? labels.containerExitCode;
  return code !== undefined && /^\d{1,3}$/.test(code) ? `it ended with exit code ${code}` : 'it ended';
}
