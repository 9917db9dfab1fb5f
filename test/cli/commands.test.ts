import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type {
  ExecutionAnswer,
  ExecutionsAnswer,
  HealthAnswer,
  JobAnswer,
  JobsAnswer,
} from '../../src/api/types.ts';
import { wantsColour } from '../../src/cli/process-context.ts';
import { commandLine } from '../support/command-line.ts';

const now = Date.UTC(2026, 10, 26, 2, 58);

function job(name: string, containerName: string, more: Partial<JobAnswer> = {}): JobAnswer {
  return {
    id: `${containerName}.${name}`,
    name,
    container: 'c0ffee',
    containerName,
    command: 'true',
    trigger: { kind: 'cron', text: '4 0 0', timezone: 'Europe/Berlin', words: 'every day at 04:00' },
    state: 'armed',
    nextFireTime: now + 120_000,
    running: 0,
    waiting: 0,
    max: 1,
    overlap: 'skip',
    catchUp: 'skip',
    jitterMs: 0,
    ...more,
  };
}

function execution(id: string, more: Partial<ExecutionAnswer> = {}): ExecutionAnswer {
  return {
    execution: id,
    job: 'web.backup',
    jobName: 'backup',
    container: 'c0ffee',
    containerName: 'web',
    fireTime: now - 3_600_000,
    startedAt: now - 3_600_000,
    endedAt: now - 3_598_000,
    outcome: 'exited',
    exitCode: 0,
    latenessMs: 2,
    durationMs: 2000,
    ...more,
  };
}

type Routes = Readonly<
  Record<string, (request: IncomingMessage, response: ServerResponse, url: URL) => unknown>
>;

/** An instance that answers as the routes say: JSON of what they return, unless they answer themselves. */
async function instance(t: TestContext, routes: Routes): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'chorewheel-cli-'));
  const socket = join(folder, 'control.sock');
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const route = routes[`${request.method} ${url.pathname}`];
    if (route === undefined) {
      response.writeHead(404).end(JSON.stringify({ error: `no route ${request.method} ${url.pathname}` }));
      return;
    }
    const answer = route(request, response, url);
    if (answer !== undefined) response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return socket;
}

const call = commandLine(now);

const listing: JobsAnswer = { jobs: [job('backup', 'web'), job('tidy', 'db', { state: 'held' })], total: 2 };

test('without a command the daemon runs, and its exit status is ours', async () => {
  let seen: unknown;
  const run = async (env: unknown): Promise<number> => {
    seen = env;
    return 3;
  };
  assert.equal((await call([], { run, env: { DEBUG: '1' } })).exit, 3);
  assert.equal((await call(['run'], { run })).exit, 3);
  assert.deepEqual(seen, {});
});

test('--version says the version, --help lists commands and variables', async () => {
  assert.deepEqual(await call(['--version']), { exit: 0, out: '1.2.3\n', err: '' });
  const { exit, out } = await call(['--help']);
  assert.equal(exit, 0);
  for (const word of [
    'check',
    'next',
    'demo',
    'jobs',
    'run-now',
    'LOG_FORMAT',
    'STOP_TIMEOUT',
    'Exit status',
  ]) {
    assert.ok(out.includes(word), word);
  }
});

const usage: readonly (readonly [readonly string[], RegExp])[] = [
  [['jbos'], /unknown command 'jbos'[\s\S]*Did you mean jobs/],
  [['--nope'], /unknown option '--nope'/],
  [['run', 'now'], /too many arguments/],
  [['jobs', '--state', 'dead'], /Allowed choices are armed/],
  [['executions', '--limit', '0'], /Write a whole number from 1/],
  [['executions', '--since', 'yesterday'], /Write an age such as 90m/],
  [['logs'], /missing required argument 'job'/],
];

for (const [words, message] of usage) {
  test(`"${words.join(' ')}" is wrong usage and exits with 2`, async () => {
    const { exit, err } = await call(words);
    assert.equal(exit, 2);
    assert.match(err, message);
  });
}

test('no running instance is told with the place that was tried, and exits with 3', async () => {
  const { exit, err } = await call(['jobs'], { env: { CONTROL_SOCKET: '/nowhere/control.sock' } });
  assert.equal(exit, 3);
  assert.match(err, /no running chorewheel answers at \/nowhere\/control\.sock \(ENOENT\)/);
  const off = await call(['jobs'], { env: { CONTROL_SOCKET: 'off' } });
  assert.deepEqual(off, {
    exit: 3,
    out: '',
    err: 'chorewheel: CONTROL_SOCKET is off here; --socket names the one to use\n',
  });
});

test('jobs are shown as a table, in colour on a terminal, or as JSON', async (t) => {
  const socket = await instance(t, { 'GET /api/jobs': () => listing });
  const plain = await call(['jobs'], { env: { CONTROL_SOCKET: socket } });
  assert.equal(
    plain.out,
    [
      'JOB     CONTAINER  STATE  NEXT FIRE TIME                        IN  RUNNING  WAITING  WHEN',
      'backup  web        armed  2026-11-26 04:00:00 Europe/Berlin  2 min        0        0  every day at 04:00',
      'tidy    db         held   2026-11-26 04:00:00 Europe/Berlin  2 min        0        0  every day at 04:00',
      '',
    ].join('\n'),
  );
  const colour = await call(['jobs', '--socket', socket], { colour: true });
  assert.notEqual(colour.out, plain.out);
  assert.equal(stripVTControlCharacters(colour.out), plain.out);
  const json = await call(['jobs', '--json', '--socket', socket]);
  assert.deepEqual(JSON.parse(json.out), listing);
});

test('colours follow the terminal unless NO_COLOR or FORCE_COLOR says otherwise', () => {
  assert.equal(wantsColour({}, true), true);
  assert.equal(wantsColour({}, false), false);
  assert.equal(wantsColour({ NO_COLOR: '1' }, true), false);
  assert.equal(wantsColour({ FORCE_COLOR: '1' }, false), true);
  assert.equal(wantsColour({ TERM: 'dumb' }, true), false);
});

test('jobs are asked for page by page, with the search passed on', async (t) => {
  const queries: string[] = [];
  const many = Array.from({ length: 2500 }, (_, index) => job(`j${index}`, 'web'));
  const socket = await instance(t, {
    'GET /api/jobs': (_request, _response, url) => {
      queries.push(url.search);
      const offset = Number(url.searchParams.get('offset'));
      return { jobs: many.slice(offset, offset + 1000), total: many.length };
    },
  });
  const { out } = await call(['jobs', '--search', 'a b', '--socket', socket, '--json']);
  assert.equal(JSON.parse(out).jobs.length, 2500);
  assert.deepEqual(queries, [
    '?search=a+b&limit=1000&offset=0',
    '?search=a+b&limit=1000&offset=1000',
    '?search=a+b&limit=1000&offset=2000',
  ]);
});

test('text of others can not steer the terminal', async (t) => {
  const socket = await instance(t, {
    'GET /api/jobs': () => ({ jobs: [job('backup', 'web\u001b]0;x\u0007')], total: 1 }),
  });
  const { out } = await call(['jobs', '--socket', socket]);
  assert.ok(out.includes('web\\x1b]0;x\\x07'));
});

test('run-now, pause and resume find the job by name, by name and container, or by id', async (t) => {
  const done: string[] = [];
  const answer = (action: string) => (_request: unknown, _response: unknown, url: URL) => {
    done.push(`${action} ${url.pathname}`);
    return { job: 'web.backup', done: action };
  };
  const socket = await instance(t, {
    'GET /api/jobs': () => listing,
    'POST /api/jobs/web.backup/run': answer('run'),
    'POST /api/jobs/web.backup/pause': answer('pause'),
    'POST /api/jobs/web.backup/resume': answer('resume'),
  });
  assert.match((await call(['run-now', 'backup', '--socket', socket])).out, /^backup in web is started\n$/);
  assert.match((await call(['pause', 'backup@web', '--socket', socket])).out, /is paused/);
  assert.match((await call(['resume', 'web.backup', '--socket', socket])).out, /fires again/);
  assert.deepEqual(done, [
    'run /api/jobs/web.backup/run',
    'pause /api/jobs/web.backup/pause',
    'resume /api/jobs/web.backup/resume',
  ]);
});

test('cancel asks for an execution to be stopped', async (t) => {
  const socket = await instance(t, {
    'POST /api/executions/e%201/cancel': () => ({ execution: 'e 1', done: 'cancel' }),
  });
  const { out, exit } = await call(['cancel', 'e 1', '--socket', socket]);
  assert.equal(exit, 0);
  assert.equal(out, 'execution e 1 is being stopped\n');
});

test('a name that no job or several jobs bear is refused with what to write', async (t) => {
  const socket = await instance(t, {
    'GET /api/jobs': () => ({ jobs: [job('backup', 'web'), job('backup', 'db')], total: 2 }),
  });
  const several = await call(['run-now', 'backup', '--socket', socket]);
  assert.equal(several.exit, 1);
  assert.match(
    several.err,
    /2 jobs are called "backup"; say which:\n {2}backup@web {2}or its id web\.backup/,
  );
  const none = await call(['run-now', 'bakcup', '--socket', socket]);
  assert.equal(none.exit, 1);
  assert.match(none.err, /there is no job "bakcup"/);
});

test('a refusal of the instance is told and exits with 1', async (t) => {
  const socket = await instance(t, {
    'GET /api/jobs': () => listing,
    'POST /api/jobs/web.backup/run': (_request, response) => {
      response.writeHead(409).end('{"error":"it is draining"}');
    },
  });
  const { exit, err } = await call(['run-now', 'backup', '--socket', socket]);
  assert.deepEqual([exit, err], [1, 'chorewheel: it is draining\n']);
});

test('executions are listed newest first, with job and time passed on', async (t) => {
  let query = '';
  const socket = await instance(t, {
    'GET /api/jobs': () => listing,
    'GET /api/executions': (_request, _response, url): ExecutionsAnswer => {
      query = url.search;
      return { executions: [execution('e2', { exitCode: 3 }), execution('e1')], next: 'more' };
    },
  });
  const { out } = await call([
    'executions',
    '--job',
    'backup',
    '--since',
    '2h',
    '-n',
    '2',
    '--socket',
    socket,
  ]);
  assert.equal(query, `?job=web.backup&from=${now - 7_200_000}&limit=2`);
  assert.equal(
    out,
    [
      'FIRE TIME (UTC)      JOB     CONTAINER  OUTCOME      LATE  TOOK  EXECUTION  REASON',
      '2026-11-26 01:58:00  backup  web        exit code 3  2 ms   2 s  e2',
      '2026-11-26 01:58:00  backup  web        exit code 0  2 ms   2 s  e1',
      '',
    ].join('\n'),
  );
});

test('--failed asks for what went wrong; --export gives all pages as JSON lines', async (t) => {
  const pages: Readonly<Record<string, ExecutionsAnswer>> = {
    '': { executions: [execution('e6'), execution('e5', { exitCode: 1 })], next: 'a' },
    a: {
      executions: [execution('e4', { outcome: 'skipped' }), execution('e3', { outcome: 'misfired' })],
      next: 'b',
    },
    b: { executions: [execution('e2', { outcome: 'running' }), execution('e1', { outcome: 'timeout' })] },
  };
  const outcomes: (string | null)[] = [];
  const socket = await instance(t, {
    'GET /api/executions': (_request, _response, url) => {
      outcomes.push(url.searchParams.get('outcome'));
      return pages[url.searchParams.get('before') ?? ''];
    },
  });
  await call(['executions', '--failed', '-n', '2', '--socket', socket]);
  const all = await call(['executions', '--export', '-n', '1', '--socket', socket]);
  assert.deepEqual(outcomes, ['failed,misfired,missed,abandoned', null, null, null]);
  assert.deepEqual(
    all.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).execution),
    ['e6', 'e5', 'e4', 'e3', 'e2', 'e1'],
  );
});

test('logs show the output of the last execution on standard output, the rest beside it', async (t) => {
  const socket = await instance(t, {
    'GET /api/jobs': () => listing,
    'GET /api/executions': () => ({
      executions: [execution('e2', { outcome: 'skipped', startedAt: undefined as never }), execution('e1')],
    }),
    'GET /api/executions/e1': () => execution('e1', { output: 'one\ntwo \u001b[31m\n' }),
  });
  const { exit, out, err } = await call(['logs', 'backup', '--socket', socket]);
  assert.equal(exit, 0);
  assert.equal(out, 'one\ntwo \\x1b[31m\n');
  assert.match(
    err,
    /--- backup in web, due at 2026-11-26 01:58:00 UTC, execution e1\n--- ended: exit code 0\n/,
  );
});

function event(response: ServerResponse, name: string, data: unknown): void {
  response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

test('logs -f follow the running execution and each one after it', async (t) => {
  let reports: ServerResponse | undefined;
  const running = { outcome: 'running' } as const;
  const live = (id: string) => (_request: unknown, response: ServerResponse) => {
    event(response, 'line', { stream: 'stdout', text: `from ${id}` });
    event(response, 'ended', execution(id, { exitCode: id === 'e1' ? 0 : 4 }));
    response.end();
    if (id === 'e1' && reports !== undefined) {
      event(reports, 'report', { kind: 'execution started', job: 'web.backup', execution: 'e1' });
      event(reports, 'report', { kind: 'execution started', job: 'other', execution: 'e8' });
      event(reports, 'report', { kind: 'execution started', job: 'web.backup', execution: 'e2' });
      reports.end();
    }
  };
  const socket = await instance(t, {
    'GET /api/jobs': () => listing,
    'GET /api/events': (_request, response) => {
      response.write(': hello\n\n');
      reports = response;
    },
    'GET /api/executions': () => ({ executions: [execution('e1', running)] }),
    'GET /api/executions/e2': () => execution('e2', running),
    'GET /api/executions/e1/output': live('e1'),
    'GET /api/executions/e2/output': live('e2'),
  });
  const { exit, out, err } = await call(['logs', '-f', 'backup', '--socket', socket]);
  assert.equal(exit, 0);
  assert.equal(out, 'from e1\nfrom e2\n');
  assert.match(err, /ended: exit code 0\n[\s\S]*ended: exit code 4\n$/);
});

const health: HealthAnswer = {
  healthy: true,
  reasons: [],
  version: '1.2.3',
  startedAt: now - 60_000,
  engine: { connected: true, lastEventProof: now, lastList: now },
  history: { kind: 'memory' },
  jobs: 2,
  running: 1,
  queued: 0,
  poolSize: 10,
};

test('health exits with 0 when healthy, else with 1 and the reasons', async (t) => {
  let answer = health;
  const socket = await instance(t, {
    'GET /healthz': (_request, response) => {
      if (!answer.healthy) response.statusCode = 503;
      return answer;
    },
  });
  const well = await call(['health', '--socket', socket]);
  assert.equal(well.exit, 0);
  assert.match(
    well.out,
    /^healthy: chorewheel 1\.2\.3, up for 1 min\n[\s\S]*2 jobs, 1 of 10 places taken, 0 waiting\n$/,
  );
  answer = { ...health, healthy: false, reasons: ['the last list is 10 min old'] };
  const ill = await call(['health', '--socket', socket]);
  assert.equal(ill.exit, 1);
  assert.match(ill.out, /^not healthy: [\s\S]*\n {2}the last list is 10 min old\n/);
});

test('problems are told with their fix and exit with 1 if a job is rejected', async (t) => {
  const socket = await instance(t, {
    'GET /api/problems': () => ({
      problems: [
        {
          container: 'c0ffee',
          containerName: 'web',
          job: 'backup',
          labels: ['deck-chores.backup.comand'],
          message: 'is no attribute',
          hint: 'write command',
          severity: 'rejected',
        },
      ],
    }),
  });
  const { exit, out } = await call(['problems', '--socket', socket]);
  assert.equal(exit, 1);
  assert.equal(out, 'rejected backup in web: deck-chores.backup.comand: is no attribute\n  write command\n');
});

test('statistics are shown as a table', async (t) => {
  const socket = await instance(t, {
    'GET /api/statistics': () => ({
      jobs: [
        {
          job: 'web.backup',
          executions: 8,
          successRate: 0.875,
          durationMs: { p50: 10, p95: 2000, max: 65_000 },
          longestLatenessMs: 3,
        },
      ],
    }),
  });
  const { out } = await call(['stats', '--socket', socket]);
  assert.equal(
    out,
    [
      'JOB         EXECUTIONS  SUCCESS    P50  P95    LONGEST  LATEST START',
      'web.backup           8   87.5 %  10 ms  2 s  1 min 5 s          3 ms',
      '',
    ].join('\n'),
  );
});
