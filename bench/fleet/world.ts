/** The simulated host: images, containers, their states and the events that each change sends. */
import type { Behaviour, ExecAsk, Work } from './behaviour.ts';
import { behave } from './behaviour.ts';
import type { FleetClock } from './clock.ts';
import {
  type ContainerSpec,
  type FleetContainer,
  type FleetImage,
  isUp,
  makeContainer,
  refuseUnlessRunning,
  tagged,
} from './container.ts';
import { EngineError } from './errors.ts';
import type { EventLog } from './events.ts';
import { Exec, type Sink } from './execution.ts';
import { scanForMark } from './mark-scan.ts';
import type { Random } from './random.ts';

/** What becomes of an exec: `undefined` = as its words say. */
export type Behaves = (ask: ExecAsk, container: FleetContainer) => Behaviour | undefined;

export interface WorldOptions {
  readonly clock: FleetClock;
  readonly random: Random;
  readonly events: EventLog;
  readonly work: Work;
  readonly behaves: Behaves | undefined;
  /** Execs that are remembered; older ones are forgotten (and counted). */
  readonly keep: number;
}

export class World {
  readonly options: WorldOptions;
  readonly images: FleetImage[] = [];
  readonly containers = new Map<string, FleetContainer>();
  readonly execs = new Map<string, Exec>();
  readonly #byName = new Map<string, FleetContainer>();
  readonly #execPrefix: string;
  #execCount = 0;
  #pid = 1000;
  /** Called after each end of an exec and each change of a container. */
  changed: () => void = () => {};

  constructor(options: WorldOptions) {
    this.options = options;
    this.#execPrefix = options.random.hex(52);
  }

  addImage(tag: string, labels: Readonly<Record<string, string>>): FleetImage {
    const image = { id: `sha256:${this.options.random.hex(64)}`, tag, labels };
    this.images.push(image);
    return image;
  }

  findImage(reference: string): FleetImage | undefined {
    return this.images.find(({ id, tag }) => id === reference || tag === tagged(reference));
  }

  create(spec: ContainerSpec): FleetContainer {
    const holder = this.#byName.get(spec.name);
    if (holder !== undefined)
      throw new EngineError(
        409,
        `Conflict. The container name "/${spec.name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    const imageName = spec.image ?? this.images[0]?.tag ?? '';
    const image = this.findImage(imageName);
    if (image === undefined) throw new EngineError(404, `No such image: ${tagged(imageName)}`);
    const container = makeContainer(
      spec,
      image,
      imageName,
      this.options.random.hex(64),
      this.options.clock.ns(),
    );
    this.containers.set(container.id, container);
    this.#byName.set(container.name, container);
    this.#tell(container, 'create');
    if (spec.state === 'running' || spec.state === 'paused') this.start(container);
    if (spec.state === 'paused') this.pause(container);
    if (spec.state === 'exited') container.state = 'exited';
    return container;
  }

  /** By id, name, or an unambiguous beginning of an id. */
  container(reference: string): FleetContainer {
    const found = this.containers.get(reference) ?? this.#byName.get(reference.replace(/^\//, ''));
    if (found !== undefined) return found;
    if (/^[0-9a-f]{4,63}$/.test(reference))
      for (const container of this.containers.values())
        if (container.id.startsWith(reference)) return container;
    throw new EngineError(404, `No such container: ${reference}`);
  }

  /** False = it ran already. */
  start(container: FleetContainer): boolean {
    if (container.state === 'paused')
      throw new EngineError(409, 'cannot start a paused container, try unpause instead');
    if (container.state === 'running') return false;
    container.state = 'running';
    container.startedNs = this.options.clock.ns();
    this.#tell(container, 'start');
    return true;
  }

  /** False = it did not run. */
  stop(container: FleetContainer): boolean {
    if (!isUp(container)) return false;
    this.#tell(container, 'kill', { signal: '15' });
    this.#tell(container, 'kill', { signal: '9' });
    this.#die(container, 137);
    this.#tell(container, 'stop');
    return true;
  }

  kill(container: FleetContainer, signal = '9', reference = container.id): void {
    if (!isUp(container))
      throw new EngineError(
        409,
        `Cannot kill container: ${reference}: Container ${container.id} is not running`,
      );
    this.#tell(container, 'kill', { signal });
    if (signal === '9' || signal === 'SIGKILL' || signal === 'KILL') this.#die(container, 137);
  }

  restart(container: FleetContainer): void {
    this.stop(container);
    this.start(container);
    this.#tell(container, 'restart');
  }

  pause(container: FleetContainer): void {
    if (container.state === 'paused')
      throw new EngineError(409, `Container ${container.id} is already paused`);
    if (container.state !== 'running') throw new EngineError(409, `Container ${container.id} is not running`);
    container.state = 'paused';
    this.#tell(container, 'pause');
  }

  unpause(container: FleetContainer): void {
    if (container.state !== 'paused') throw new EngineError(500, `Container ${container.id} is not paused`);
    container.state = 'running';
    this.#tell(container, 'unpause');
    for (const exec of container.execs) exec.resume();
  }

  rename(container: FleetContainer, name: string): void {
    const oldName = container.name;
    this.#byName.delete(oldName);
    container.name = name;
    this.#byName.set(name, container);
    this.#tell(container, 'rename', { oldName: `/${oldName}` });
  }

  remove(container: FleetContainer, force: boolean): void {
    if (isUp(container)) {
      if (!force)
        throw new EngineError(
          409,
          `You cannot remove a ${container.state} container ${container.id}. Stop the container before attempting removal or force remove`,
        );
      this.#tell(container, 'kill', { signal: '9' });
      this.#die(container, 137);
    }
    this.containers.delete(container.id);
    this.#byName.delete(container.name);
    for (const exec of this.execs.values()) if (exec.container === container.id) this.execs.delete(exec.id);
    this.#tell(container, 'destroy');
  }

  /** The process of a container ends by itself. */
  exit(container: FleetContainer, code: number): void {
    if (isUp(container)) this.#die(container, code);
  }

  createExec(container: FleetContainer, ask: ExecAsk, tty: boolean, reference = container.id): Exec {
    refuseUnlessRunning(container, reference);
    if (ask.words.length === 0) throw new EngineError(400, 'No exec command specified');
    this.#execCount += 1;
    const id = this.#execPrefix + this.#execCount.toString(16).padStart(12, '0');
    const exec = new Exec(id, container, ask, tty, {
      clock: this.options.clock,
      isPaused: () => container.state === 'paused',
      ended: (ended) => this.#execEnded(container, ended),
    });
    this.execs.set(id, exec);
    container.execs.add(exec);
    if (this.execs.size > this.options.keep) this.#forgetOldest();
    this.#tellExec(container, exec, 'exec_create');
    return exec;
  }

  exec(id: string): Exec {
    const exec = this.execs.get(id);
    if (exec === undefined) throw new EngineError(404, `No such exec instance: ${id}`);
    return exec;
  }

  /** Throws if it can't be started now; a second start is told on the stream (as the engine does). */
  startExec(exec: Exec, sink: Sink): void {
    const container = this.container(exec.container);
    this.#tellExec(container, exec, 'exec_start');
    this.#pid += 1;
    const { work, behaves, random } = this.options;
    const behaviour =
      behaves?.(exec.ask, container) ?? scanForMark(exec, container) ?? behave(exec.ask, work, random);
    exec.start(behaviour, this.#pid, sink);
  }

  /** Refuses what the engine refuses before it answers a start. */
  checkStart(exec: Exec, detach: boolean): 'start' | 'has run' {
    if (exec.state !== 'created') {
      if (detach) throw new EngineError(409, alreadyRun(exec));
      return 'has run';
    }
    refuseUnlessRunning(this.container(exec.container), exec.container);
    return 'start';
  }

  /** A restart of the engine: execs are forgotten; without live-restore the containers are started anew. */
  restartEngine(liveRestore: boolean): void {
    this.options.events.forget();
    for (const container of this.containers.values()) {
      if (liveRestore || !isUp(container)) continue;
      this.#die(container, 137);
      container.state = 'exited';
      this.start(container);
    }
    this.execs.clear();
  }

  /** Ends every exec and its timers. */
  close(): void {
    for (const container of this.containers.values()) for (const exec of container.execs) exec.kill(137);
  }

  #execEnded(container: FleetContainer, exec: Exec): void {
    container.execs.delete(exec);
    // The engine sends no exec_die for what could not be started.
    if (exec.pid !== 0) this.#tellExec(container, exec, 'exec_die', { exitCode: String(exec.exitCode) });
    this.changed();
  }

  #die(container: FleetContainer, code: number): void {
    for (const exec of container.execs) {
      if (exec.state === 'created') this.execs.delete(exec.id);
      exec.kill(137);
    }
    container.execs.clear();
    container.state = 'exited';
    container.exitCode = code;
    this.#tell(container, 'die', { exitCode: String(code) });
  }

  #forgetOldest(): void {
    for (const [id, exec] of this.execs) {
      if (exec.state !== 'ended') continue;
      this.execs.delete(id);
      return;
    }
  }

  #tell(container: FleetContainer, action: string, extra: Record<string, string> = {}): void {
    container.listed = undefined;
    this.#emit(container, action, { ...extra, image: container.imageName, name: container.name });
    this.changed();
  }

  #tellExec(container: FleetContainer, exec: Exec, action: string, extra?: Record<string, string>): void {
    const text =
      action === 'exec_die' ? action : `${action}: ${exec.ask.words[0]} ${exec.ask.words.slice(1).join(' ')}`;
    this.#emit(container, text, {
      ...extra,
      execID: exec.id,
      image: container.imageName,
      name: container.name,
    });
  }

  #emit(container: FleetContainer, action: string, extra: Record<string, string>): void {
    const { events, clock } = this.options;
    events.emit({
      type: 'container',
      action,
      id: container.id,
      from: container.imageName,
      labels: container.labels,
      extra,
      ns: clock.ns(),
    });
  }
}

export function alreadyRun(exec: Exec): string {
  return `Error: Exec command ${exec.id} has already run`;
}
