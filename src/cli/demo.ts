/**
 * `chorewheel demo`: the whole program on a machine without Docker. A simulated engine with a handful of talking
 * containers is started in this process, the real daemon watches it, and the page is open on loopback.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Behaviour, Step } from '../../bench/fleet/behaviour.ts';
import type { ContainerSpec } from '../../bench/fleet/container.ts';
import { type Fleet, startFleet } from '../../bench/fleet/fleet.ts';
import type { Behaves } from '../../bench/fleet/world.ts';
import { type CliContext, CliError, status } from './context.ts';

export interface DemoOptions {
  /** `host:port` of the page; port 0 = any free one. */
  readonly listen: string;
}

/** Runs until told to stop; resolves with the daemon's exit status. */
export async function demo(context: CliContext, options: DemoOptions): Promise<number> {
  const address = await freeAddress(options.listen);
  const folder = mkdtempSync(join(tmpdir(), 'chorewheel-demo-'));
  const engine = join(folder, 'engine.sock');
  const fleet = await startFleet({ socketPath: engine, behaves: createBehaviour() });
  const stopTraffic = populate(fleet);
  context.err(introduction(address));
  try {
    return await context.run({
      TIMEZONE: context.env.TIMEZONE ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      CONTROL_SOCKET: context.env.CONTROL_SOCKET ?? join(folder, 'control.sock'),
      HTTP_LISTEN: address,
      HTTP_TOKEN: demoToken,
      DOCKER_HOST: `unix://${engine}`,
      ...pick(context.env, ['LOG_FORMAT', 'STDERR_LEVEL', 'DEBUG', 'STOP_TIMEOUT', 'STATE_DIR']),
    });
  } finally {
    stopTraffic();
    await fleet.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** No secret: it guards a simulated engine on loopback. */
const demoToken = 'demo';

function introduction(address: string): string {
  return [
    'This is a demonstration on a simulated engine: no Docker is needed, and no container is touched.',
    `Open http://${address}/ to see it; the token for actions is "${demoToken}". Ctrl-C ends it.`,
    '',
    '',
  ].join('\n');
}

function pick(
  env: CliContext['env'],
  names: readonly string[],
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
}

/** The address itself, if it is free; with port 0 a free one in its place. */
async function freeAddress(listen: string): Promise<string> {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(listen) ?? [];
  if (host === '') throw new CliError(`--listen ${listen}: host:port is expected`, status.usage);
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(Number(port), host.replace(/^\[|\]$/g, ''), resolve);
    });
  } catch (cause) {
    const advice = 'choose another with --listen, such as 127.0.0.1:0 for any free one';
    throw new CliError(
      `${listen} can't be listened on (${(cause as Error).message}): ${advice}`,
      status.failed,
      {
        cause,
      },
    );
  }
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? `${host}:${address.port}` : listen;
}

const project = 'com.docker.compose.project';
const service = 'com.docker.compose.service';

/** Labels of jobs, from `job.attribute`. */
function labels(serviceName: string, jobs: Readonly<Record<string, string>>): Record<string, string> {
  const ours = Object.entries(jobs).map(([key, value]) => [`deck-chores.${key}`, value]);
  return { [project]: 'shop', [service]: serviceName, ...Object.fromEntries(ours) };
}

const web = labels('web', {
  'warm-cache.command': 'warm-cache --all',
  'warm-cache.interval': '20 seconds',
  'report.command': 'report --daily',
  'report.cron': '* * * * * * * */30',
});

const containers: readonly ContainerSpec[] = [
  { name: 'shop-web-1', labels: web },
  { name: 'shop-web-2', labels: web },
  {
    name: 'shop-db-1',
    labels: labels('db', {
      'backup.command': 'backup --to /backups',
      'backup.interval': '45 seconds',
      'backup.timeout': '2 minutes',
      'vacuum.command': 'vacuum analyze',
      'vacuum.cron': '* * * * * 3 30 0',
    }),
  },
  {
    name: 'shop-mail-1',
    labels: labels('mail', {
      'flush-queue.command': 'flush-queue',
      'flush-queue.interval': '15 seconds',
      'flush-queue.jitter': '5',
      'newsletter.command': 'newsletter --send',
      'newsletter.crontab': '0 8 * * mon',
    }),
  },
  {
    name: 'shop-media-1',
    labels: labels('media', {
      'thumbnails.command': 'thumbnails',
      'thumbnails.interval': '40 seconds',
      'thumbnails.timeout': '8 seconds',
    }),
  },
  {
    name: 'shop-search-1',
    labels: labels('search', {
      'reindex.command': 'reindex',
      'reindex.interval': '2 minutes',
      'optimize.command': 'optimize',
      'optimize.crontab': '*/5 * * * *',
    }),
  },
  {
    name: 'shop-sync-1',
    labels: labels('sync', {
      'import.command': 'import-orders',
      'import.interval': '30 seconds',
      'tidy.comand': 'tidy',
      'tidy.interval': 'daily',
    }),
  },
];

function say(ms: number, text: string, stream: 1 | 2 = 1): Step[] {
  return [
    { kind: 'wait', ms },
    { kind: 'write', stream, bytes: Buffer.from(`${text}\n`) },
  ];
}

function ends(code: number, ...steps: readonly Step[]): Behaviour {
  return { kind: 'runs', steps, code };
}

const inTurn = (words: readonly string[], ms: number): Step[] => words.flatMap((word) => say(ms, word));

/** What the containers' commands do: they talk, take their time, and some fail or hang now and then. */
function createBehaviour(): Behaves {
  const counts = new Map<string, number>();
  const programs: Readonly<Record<string, (count: number) => Behaviour>> = {
    'warm-cache': () => ends(0, ...inTurn(['warmed home', 'warmed search', 'warmed cart'], 700)),
    report: () => ends(0, ...inTurn(['orders today: 42', 'returns today: 1'], 300)),
    backup: () => ends(0, ...inTurn(['customers', 'orders', 'stock', 'invoices'].map(dumped), 2000)),
    reindex: () => ends(0, ...inTurn([1, 2, 3, 4, 5, 6, 7, 8].map(indexed), 3000)),
    thumbnails: (count) =>
      ends(0, ...say(500, 'four new pictures'), ...say(count % 4 === 2 ? 60_000 : 3000, 'done')),
    'flush-queue': () => ends(0, ...say(500, 'queue is empty')),
    'import-orders': (count) =>
      count % 3 === 0
        ? ends(1, ...say(1500, 'error: partner answered 503', 2))
        : ends(0, ...say(1200, 'imported 7 orders')),
  };
  return ({ words: [name = '', ...rest] }) => {
    // A shell does as on every simulated host: this is how a command is stopped at its timeout.
    if (name === 'sh') return undefined;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return programs[name]?.(count) ?? ends(0, ...say(400, `${[name, ...rest].join(' ')}: done`));
  };
}

const dumped = (table: string): string => `dumped table ${table}`;
const indexed = (part: number): string => `indexed part ${part} of 8`;

/** One replica of the web service goes and comes back, so that jobs are seen to move; milliseconds. */
const trafficMs = 60_000;

/** Adds the containers and lets something happen; returns a function that ends it. */
function populate(fleet: Fleet): () => void {
  const added = containers.map((spec) => fleet.add(spec));
  const [first] = added;
  let paused = false;
  const timer = setInterval(() => {
    if (first === undefined) return;
    if (paused) fleet.world.unpause(first);
    else fleet.world.pause(first);
    paused = !paused;
  }, trafficMs);
  timer.unref();
  return () => clearInterval(timer);
}
