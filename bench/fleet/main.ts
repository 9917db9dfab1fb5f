#!/usr/bin/env node
/**
 * The fleet as a process of its own:
 *
 *     node dist/bench/fleet/main.js --socket /tmp/fleet.sock --containers 100 --command 'sleep 0.2'
 *
 * Prints one JSON line once it listens. Ends on SIGTERM, SIGINT, or when the process that forked it is gone.
 */
import { parseArgs } from 'node:util';
import { startFleet } from './fleet.ts';
import { ALL_KINDS, type JobKind, type Population } from './population.ts';
import type { Distribution } from './random.ts';

const USAGE = `usage: fleet --socket PATH | --port N
  --containers N     containers at start (0)          --jobs N         jobs per container (1)
  --kinds LIST       ${ALL_KINDS.join(',')}
  --trigger A=TEXT   one trigger for all jobs, as in 'interval=every second'
  --replicas N       members per compose service (0)  --idle SHARE     containers without jobs (0)
  --from-image SHARE jobs from image labels (0)       --command TEXT   command of the jobs ("work")
  --attributes JSON  further attributes of each job   --namespace TEXT label prefix (deck-chores)
  --duration D       of "work": MS, MIN..MAX, or MEDIAN~P99
  --output D         bytes of "work", the same forms  --failing SHARE  of "work" with exit code 1 (0)
  --keep N           execs remembered (200000)        --seed N         (1)
  --storm N          start or die events per second (0)`;

const { values } = parseArgs({
  options: {
    socket: { type: 'string' },
    port: { type: 'string' },
    containers: { type: 'string', default: '0' },
    jobs: { type: 'string', default: '1' },
    kinds: { type: 'string', default: ALL_KINDS.join(',') },
    replicas: { type: 'string', default: '0' },
    idle: { type: 'string', default: '0' },
    'from-image': { type: 'string', default: '0' },
    trigger: { type: 'string' },
    command: { type: 'string', default: 'work' },
    attributes: { type: 'string', default: '{}' },
    namespace: { type: 'string', default: 'deck-chores' },
    duration: { type: 'string', default: '0' },
    output: { type: 'string', default: '0' },
    failing: { type: 'string', default: '0' },
    keep: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    storm: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

/** `50`, `10..90` (uniform) or `20~200` (median and 99th percentile). */
function distribution(text: string): Distribution {
  const [, first, sign, second] = /^([\d.]+?)(?:(\.\.|~)([\d.]+))?$/.exec(text) ?? [];
  if (first === undefined) throw new RangeError(`not a distribution: ${text}`);
  if (sign === '..') return { min: Number(first), max: Number(second) };
  return sign === '~' ? { median: Number(first), p99: Number(second) } : Number(first);
}

function triggerOption(): { trigger?: readonly [string, string] } {
  if (values.trigger === undefined) return {};
  const cut = values.trigger.indexOf('=');
  return { trigger: [values.trigger.slice(0, cut), values.trigger.slice(cut + 1)] };
}

function population(): Population {
  return {
    containers: Number(values.containers),
    jobs: Number(values.jobs),
    kinds: values.kinds.split(',') as JobKind[],
    ...triggerOption(),
    replicas: Number(values.replicas),
    idle: Number(values.idle),
    fromImage: Number(values['from-image']),
    command: values.command,
    attributes: JSON.parse(values.attributes) as Record<string, string>,
    namespace: values.namespace,
  };
}

async function main(): Promise<void> {
  if (values.help || (values.socket === undefined && values.port === undefined)) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 64;
    return;
  }
  const fleet = await startFleet({
    ...(values.socket === undefined ? { port: Number(values.port) } : { socketPath: values.socket }),
    population: population(),
    work: {
      durationMs: distribution(values.duration),
      outputBytes: distribution(values.output),
      failing: Number(values.failing),
    },
    keep: Number(values.keep),
    seed: Number(values.seed),
  });
  if (Number(values.storm) > 0) fleet.storm(Number(values.storm));
  const ready = {
    ready: true,
    socket: fleet.socketPath,
    port: fleet.port,
    containers: fleet.world.containers.size,
  };
  console.log(JSON.stringify(ready));
  process.send?.(ready);
  const leave = (): void => void fleet.close().then(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(signal, leave);
}

await main();
