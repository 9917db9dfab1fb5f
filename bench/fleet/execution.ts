/**
 * One exec and its life: created, running, ended. It is its own record: every moment at which the engine was
 * asked something about it is kept, in nanoseconds of the fleet's clock.
 *
 * A step never runs while the container is paused; it is taken up again by `resume`. After the reader of the
 * stream is gone the process goes on, but once it writes, inspect says 126 for ever while the `exec_die`
 * event tells the truth: that is what the real engine was seen to do.
 */
import type { Behaviour, ExecAsk, Step } from './behaviour.ts';
import type { FleetClock } from './clock.ts';

/** Where an exec's output goes. */
export interface Sink {
  /** False = the reader is slow: wait for `onDrain` before more. */
  write(stream: 1 | 2, bytes: Buffer): boolean;
  onDrain(then: () => void): void;
  end(): void;
  /** The reader has gone away. */
  readonly closed: boolean;
}

export interface ExecHost {
  readonly clock: FleetClock;
  isPaused(): boolean;
  /** Told once, with the true exit code, when the process is over. */
  ended(exec: Exec): void;
}

const FLOOD_CHUNK = Buffer.alloc(
  32 * 1024,
  'flood of output, line after line after line after line .......\n',
);

export class Exec {
  readonly id: string;
  readonly container: string;
  readonly containerName: string;
  readonly ask: ExecAsk;
  readonly tty: boolean;
  readonly createdNs: number;
  startedNs = -1;
  endedNs = -1;
  /** The last inspection; -1 = none. */
  inspectedNs = -1;
  inspections = 0;
  state: 'created' | 'running' | 'ended' = 'created';
  /** The true exit code; undefined before the end. */
  exitCode: number | undefined;
  /** What inspect says instead of the truth (see the head of this file). */
  reportedCode: number | undefined;
  pid = 0;
  outputBytes = 0;
  #host: ExecHost;
  #sink: Sink | undefined;
  #steps: readonly Step[] = [];
  #next = 0;
  #flooded = 0;
  #finalCode = 0;
  #timer: NodeJS.Timeout | undefined;
  #held = false;

  constructor(
    id: string,
    container: { id: string; name: string },
    ask: ExecAsk,
    tty: boolean,
    host: ExecHost,
  ) {
    this.id = id;
    this.container = container.id;
    this.containerName = container.name;
    this.ask = ask;
    this.tty = tty;
    this.#host = host;
    this.createdNs = host.clock.ns();
  }

  /** Value of an environment variable of this exec. */
  variable(name: string): string | undefined {
    return this.ask.env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  start(behaviour: Behaviour, pid: number, sink: Sink): void {
    this.startedNs = this.#host.clock.ns();
    this.#sink = sink;
    this.state = 'running';
    if (behaviour.kind === 'could not start') {
      sink.write(1, Buffer.from(`${behaviour.reason}\r\n`));
      this.#finish(126, true);
      return;
    }
    this.pid = pid;
    this.#steps = behaviour.steps;
    this.#finalCode = behaviour.code;
    this.#run();
  }

  /** Ends the process from outside (container died, a signal, engine restart). */
  kill(code: number): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next = this.#steps.length;
    if (this.state === 'running') this.#finish(code, true);
    else this.#sink?.end();
  }

  /** Lets go of the reader without ending the process, as a cut connection does. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#run();
  }

  #run(): void {
    while (this.#next < this.#steps.length) {
      if (this.#host.isPaused()) {
        this.#held = true;
        return;
      }
      if (!this.#step(this.#steps[this.#next] as Step)) return;
      this.#next += 1;
    }
    if (this.state === 'running') this.#finish(this.#finalCode, true);
    else this.#sink?.end();
  }

  /** Carries out one step; false = it goes on later by itself. */
  #step(step: Step): boolean {
    switch (step.kind) {
      case 'wait':
        this.#timer = setTimeout(() => {
          this.#next += 1;
          this.#run();
        }, step.ms);
        return false;
      case 'write':
        this.#write(step.stream, step.bytes);
        return true;
      case 'flood':
        return this.#flood(step);
      case 'end early':
        this.#finish(step.code, false);
        return true;
      case 'never':
        return false;
    }
  }

  #flood(step: Extract<Step, { kind: 'flood' }>): boolean {
    while (this.#flooded < step.total) {
      if (this.#sink?.closed) {
        this.reportedCode = 126;
        return true;
      }
      const bytes = FLOOD_CHUNK.subarray(0, Math.min(FLOOD_CHUNK.length, step.total - this.#flooded));
      this.#flooded += bytes.length;
      if (this.#write(step.stream, bytes)) continue;
      this.#sink?.onDrain(() => this.#run());
      return false;
    }
    return true;
  }

  #write(stream: 1 | 2, bytes: Buffer): boolean {
    this.outputBytes += bytes.length;
    if (this.#sink === undefined || this.#sink.closed) {
      this.reportedCode = 126;
      return true;
    }
    return this.#sink.write(stream, bytes);
  }

  #finish(code: number, closeStream: boolean): void {
    this.state = 'ended';
    this.exitCode = code;
    this.endedNs = this.#host.clock.ns();
    this.#host.ended(this);
    if (closeStream) this.#sink?.end();
  }

  /** The engine's inspect answer. */
  inspect(): object {
    this.inspections += 1;
    this.inspectedNs = this.#host.clock.ns();
    const lied = this.reportedCode !== undefined;
    return {
      ID: this.id,
      Running: this.state === 'running' && !lied,
      ExitCode: this.reportedCode ?? this.exitCode ?? null,
      ProcessConfig: {
        tty: this.tty,
        entrypoint: this.ask.words[0],
        arguments: this.ask.words.slice(1),
        privileged: false,
      },
      OpenStdin: false,
      OpenStderr: true,
      OpenStdout: true,
      CanRemove: false,
      ContainerID: this.container,
      DetachKeys: '',
      Pid: this.pid,
    };
  }
}
