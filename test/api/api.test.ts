import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Api, createApi } from '../../src/api/api.ts';
import type { Access } from '../../src/api/guard.ts';
import { loadPage } from '../../src/api/page.ts';
import type {
  ExecutionAnswer,
  ExecutionsAnswer,
  HealthAnswer,
  JobAnswer,
  JobsAnswer,
  TimelineAnswer,
} from '../../src/api/types.ts';
import type { JobId, WallMs } from '../../src/ids.ts';
import { execution, notRun, start, wall } from '../history/builders.ts';
import { type ServerEvent, serverEvents } from './events.ts';
import { type Instance, instance, jobView, minutely, now } from './parts.ts';

const owner: Access = { kind: 'owner' };

function api(parts: Instance, access: Access = owner): Api {
  return createApi(parts, access, new Map());
}

async function ask(of: Api, path: string, init: RequestInit = {}): Promise<Response> {
  return of.fetch(
    new Request(`http://localhost${path}`, { ...init, headers: { host: 'localhost', ...init.headers } }),
  );
}

async function json<Answer>(of: Api, path: string, status = 200): Promise<Answer> {
  const response = await ask(of, path);
  assert.equal(response.status, status, path);
  return (await response.json()) as Answer;
}

function ran(parts: Instance, id: string, exitCode: number, fireTime = start): void {
  const started = execution(id, { fireTime });
  parts.history.recordStarted(started);
  parts.history.recordOutput(started.id, `output of ${id}`);
  parts.history.recordEnded(started, { kind: 'exited', exitCode }, wall(fireTime + 500), 497);
}

describe('the health', () => {
  test('is good when the engine answers, lists and events are fresh and the schedule ticks', async () => {
    const parts = instance([jobView('shop/db/backup')]);
    const answer = await json<HealthAnswer>(api(parts), '/healthz');
    assert.equal(answer.healthy, true);
    assert.deepEqual(answer.reasons, []);
    assert.deepEqual(
      [answer.version, answer.jobs, answer.running, answer.queued, answer.poolSize, answer.history.kind],
      ['1.2.3', 1, 1, 2, 10, 'memory'],
    );
  });

  const troubles: readonly (readonly [string, Partial<Instance['health']>, number, RegExp])[] = [
    ['the engine is away', { connected: false }, now, /no contact/],
    ['events are stale', { lastEventProof: now - 31_000 }, now, /proved alive 31 s ago/],
    ['lists are stale', { lastList: now - 151_000 }, now, /last listed 151 s ago/],
    ['nothing was listed yet', { lastList: 0 }, now, /not listed yet/],
    ['the schedule stands still', {}, now - 6000, /last ticked 6 s ago/],
  ];
  for (const [name, engine, lastTick, reason] of troubles) {
    test(`is bad when ${name}`, async () => {
      const parts = instance([jobView('a')]);
      Object.assign(parts.health, engine);
      parts.tick.last = lastTick;
      const answer = await json<HealthAnswer>(api(parts), '/healthz', 503);
      assert.equal(answer.healthy, false);
      assert.match(answer.reasons.join('; '), reason);
    });
  }

  test('stays good when the fire times of all jobs are over, so that nothing ticks', async () => {
    const parts = instance([jobView('a', { state: 'waiting' })]);
    parts.tick.last = undefined;
    assert.equal((await json<HealthAnswer>(api(parts), '/healthz')).healthy, true);
  });

  test('tells of a degraded history but stays good', async () => {
    const parts = { ...instance(), history: degradedHistory() };
    const answer = await json<HealthAnswer>(api(parts), '/healthz');
    assert.equal(answer.healthy, true);
    assert.match(answer.reasons.join(), /disk is full/);
    assert.equal(answer.history.degraded, 'the disk is full');
  });
});

function degradedHistory(): Instance['history'] {
  const { history } = instance();
  return Object.assign(Object.create(history) as Instance['history'], {
    health: () => ({ kind: 'file', degraded: 'the disk is full', waiting: 3, dropped: 1 }),
  });
}

describe('the jobs', () => {
  test('are searched, narrowed by state and paged', async () => {
    const parts = instance([
      jobView('shop/db/backup'),
      jobView('shop/db/vacuum', { state: 'held' }),
      jobView('blog/web/ping', { containerName: 'blog-web-1' }),
    ]);
    const of = api(parts);
    const names = async (query: string) => {
      const { jobs, total } = await json<JobsAnswer>(of, `/api/jobs?${query}`);
      return [total, ...jobs.map((job) => job.name)];
    };
    assert.deepEqual(await names(''), [3, 'backup', 'vacuum', 'ping']);
    assert.deepEqual(await names('search=BLOG'), [1, 'ping']);
    assert.deepEqual(await names('state=held&search='), [1, 'vacuum']);
    assert.deepEqual(await names('limit=1&offset=1'), [3, 'vacuum']);
  });

  test('are told with their trigger in words, without what is unlimited', async () => {
    const id = 'a/b c%ü"' as JobId;
    const parts = instance([jobView(id)]);
    const job = await json<JobAnswer>(api(parts), `/api/jobs/${encodeURIComponent(id)}`);
    assert.equal(job.id, id);
    assert.deepEqual(job.trigger, {
      kind: 'interval',
      text: 'every minute',
      timezone: 'UTC',
      words: 'in words: every minute',
    });
    assert.equal('graceMs' in job, false);
    assert.equal('environment' in job, false);
  });

  test('are run, paused and resumed', async () => {
    const parts = instance([jobView('shop/db/backup')]);
    const of = api(parts);
    for (const verb of ['run', 'pause', 'resume']) {
      const response = await ask(of, `/api/jobs/shop%2Fdb%2Fbackup/${verb}`, { method: 'POST' });
      assert.equal(response.status, 202);
      assert.deepEqual(await response.json(), { job: 'shop/db/backup', done: verb });
    }
    assert.deepEqual(
      parts.applied.map((event) => event.kind),
      ['run now', 'pause job', 'resume job'],
    );
    assert.equal((await ask(of, '/api/jobs/none/run', { method: 'POST' })).status, 404);
    assert.equal((await ask(of, '/api/jobs/none')).status, 404);
  });
});

describe('the executions', () => {
  test('are found by outcome, also by all ways to fail, and paged', async () => {
    const parts = instance();
    for (const [index, code] of [0, 1, 0, 2].entries()) ran(parts, `e${index}`, code, start + index);
    parts.history.recordNotRun(notRun('skipped', { fireTime: start + 10 }));
    const of = api(parts);
    const ids = async (query: string) => {
      const { executions } = await json<ExecutionsAnswer>(of, `/api/executions?${query}`);
      return executions.map((row) => row.execution);
    };
    assert.equal((await ids('')).length, 5);
    assert.deepEqual(await ids('outcome=failed'), ['e3', 'e1']);
    assert.deepEqual(await ids('outcome=succeeded&job=shop/backup'), ['e2', 'e0']);
    const first = await json<ExecutionsAnswer>(of, '/api/executions?limit=2');
    assert.deepEqual(await ids(`limit=10&before=${first.next}`), ['e2', 'e1', 'e0']);
  });

  test('are told one by one with their output', async () => {
    const parts = instance();
    ran(parts, 'a', 3);
    const answer = await json<ExecutionAnswer>(api(parts), '/api/executions/a');
    assert.equal(answer.output, 'output of a');
    assert.equal(answer.exitCode, 3);
    assert.equal('reason' in answer, false);
    await json(api(parts), '/api/executions/none', 404);
  });

  test('are stopped while they run, and not after', async () => {
    const parts = instance();
    parts.history.recordStarted(execution('live'));
    ran(parts, 'over', 0);
    const of = api(parts);
    const cancel = (id: string) => ask(of, `/api/executions/${id}/cancel`, { method: 'POST' });
    const response = await cancel('live');
    assert.equal(response.status, 202);
    assert.deepEqual(await response.json(), { execution: 'live', done: 'cancel' });
    assert.deepEqual(parts.applied, [{ kind: 'cancel', execution: 'live' }]);
    assert.equal((await cancel('over')).status, 409);
    assert.equal((await cancel('none')).status, 404);
  });

  test('have statistics by job', async () => {
    const parts = instance();
    ran(parts, 'a', 0);
    ran(parts, 'b', 1);
    assert.deepEqual(await json(api(parts), '/api/statistics?job=shop/backup'), {
      jobs: [
        {
          job: 'shop/backup',
          executions: 2,
          successRate: 0.5,
          durationMs: { p50: 497, p95: 497, max: 497 },
          longestLatenessMs: 3,
        },
      ],
    });
  });
});

test('a query that is not understood is answered with what was expected', async () => {
  const of = api(instance());
  const mistakes = [
    ['/api/executions?limit=0', /^limit: a whole number from 1 to 1000/],
    ['/api/executions?limit=many', /^limit: /],
    ['/api/executions?outcome=good', /^outcome: a comma list of running, /],
    ['/api/executions?before=yesterday', /^before: the `next` of/],
    ['/api/jobs?state=asleep', /^state: armed, suspended/],
    ['/api/timeline?from=5', /^to: /],
    ['/api/timeline?from=5&to=5', /^from: an earlier moment/],
  ] as const;
  for (const [path, message] of mistakes) {
    const { error } = await json<{ error: string }>(of, path, 400);
    assert.match(error, message);
  }
});

test('problems are told with the labels at fault and the remedy', async () => {
  const parts = instance();
  const problem = {
    job: 'backup',
    labels: ['deck-chores.backup.comand'],
    message: 'unknown attribute',
    hint: 'command',
    severity: 'rejected',
  } as const;
  parts.found.push({ container: 'c1', containerName: 'shop', problem });
  assert.deepEqual(await json(api(parts), '/api/problems'), {
    problems: [{ container: 'c1', containerName: 'shop', ...problem }],
  });
});

test('a mistake of ours is answered with status 500 and told to the log only', async () => {
  const broken = instance();
  const parts = {
    ...broken,
    jobs: () => {
      throw new Error('secret detail');
    },
  };
  const response = await ask(api(parts), '/api/jobs');
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /secret/);
  assert.match(broken.warnings.join(), /secret detail/);
});

describe('the timeline', () => {
  test('shows what ran and what will run, by service', async () => {
    const parts = instance([
      jobView('shop/db/backup'),
      jobView('held', { state: 'held' }),
      jobView('late', { nextFireTime: (start + 1e9) as WallMs }),
    ]);
    ran(parts, 'a', 0, start - 5000);
    const answer = await json<TimelineAnswer>(
      api(parts),
      `/api/timeline?from=${start - 60_000}&to=${start + 180_001}`,
    );
    assert.deepEqual(answer.rows, [
      {
        group: 'shop/db',
        executions: [
          {
            execution: 'a',
            jobName: 'backup',
            from: start - 4997,
            to: start - 4500,
            outcome: 'exited',
            exitCode: 0,
          },
        ],
        fireTimes: [1, 2, 3].map((minute) => ({ jobName: 'backup', at: start + minute * 60_000 })),
        goingOn: [],
      },
    ]);
    assert.equal(answer.leftOut, 0);
  });

  test('is bounded, and tells that it is', async () => {
    const trigger = minutely();
    const jobs = Array.from({ length: 1000 }, (_, index) =>
      jobView(`job-${index}`, { trigger, service: undefined, containerName: `c${index}` }),
    );
    const answer = await json<TimelineAnswer>(
      api(instance(jobs)),
      `/api/timeline?from=${start}&to=${start + 1e8}`,
    );
    assert.ok(answer.rows.length <= 200);
    assert.ok(answer.rows.every((row) => row.fireTimes.length <= 100));
    assert.deepEqual(answer.rows[0]?.goingOn, [{ jobName: 'job-0', at: start + 101 * 60_000 }]);
    assert.ok(answer.leftOut > 0);
  });
});

async function take(events: AsyncIterable<ServerEvent>, count: number): Promise<ServerEvent[]> {
  const taken: ServerEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

describe('live', () => {
  test('output is told from its beginning to its end, each line once', async () => {
    const parts = instance();
    const started = execution('a');
    parts.history.recordStarted(started);
    const line = (text: string, stream: 'stdout' | 'stderr') => {
      parts.history.recordOutput(started.id, text);
      parts.live.output(started.id, { stream, text });
    };
    line('one', 'stdout');
    const response = await ask(api(parts), '/api/executions/a/output');
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    const events = serverEvents(response);
    line('two', 'stderr');
    assert.deepEqual(await take2(events), [
      { stream: 'stdout', text: 'one' },
      { stream: 'stderr', text: 'two' },
    ]);
    parts.history.recordEnded(started, { kind: 'exited', exitCode: 4 }, wall(start + 9), 6);
    const outcome = { kind: 'exited', exitCode: 4 } as const;
    parts.live.observe({ kind: 'execution ended', execution: started, outcome, durationMs: 6 });
    const rest: ServerEvent[] = [];
    for await (const event of events) rest.push(event);
    assert.deepEqual(
      rest.map(({ event, data }) => [event, (data as ExecutionAnswer).exitCode]),
      [['ended', 4]],
    );
  });

  /** Two events, without ending the stream. */
  async function take2(events: AsyncGenerator<ServerEvent>): Promise<unknown[]> {
    const taken = [await events.next(), await events.next()];
    return taken.map(({ value }) => (value as ServerEvent).data);
  }

  test('output of an execution that ended is told at once, with its end', async () => {
    const parts = instance();
    ran(parts, 'a', 0);
    const events = await take(serverEvents(await ask(api(parts), '/api/executions/a/output')), 5);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['line', 'ended'],
    );
    await json(api(parts), '/api/executions/none/output', 404);
  });

  test('reports are told as they are made', async () => {
    const parts = instance();
    const response = await ask(api(parts), '/api/events');
    parts.live.observe({ kind: 'execution started', execution: execution('a') });
    const [event] = await take(serverEvents(response), 1);
    assert.equal(event?.event, 'report');
    const data = event?.data as { kind: string; execution: string; job: string; message: string };
    assert.deepEqual([data.kind, data.execution, data.job], ['execution started', 'a', 'shop/backup']);
    assert.ok(data.message.length > 0);
  });

  test('a reader that is too slow is told how much it missed', async () => {
    const parts = instance();
    const response = await ask(api(parts), '/api/events');
    for (let index = 0; index < 5000; index += 1) {
      parts.live.observe({ kind: 'execution started', execution: execution(`e${index}`) });
    }
    const reader = serverEvents(response);
    let told = 0;
    let omitted = 0;
    while (told + omitted < 5001) {
      const { value } = await reader.next();
      if (value?.event === 'omitted') omitted = (value.data as { events: number }).events;
      else told += 1;
      // Once there is room again, the next event brings the count along.
      if (told === 100) parts.live.observe({ kind: 'execution started', execution: execution('last') });
    }
    assert.ok(omitted > 0 && told < 5000, `${told} told, ${omitted} omitted`);
    await reader.return(undefined);
  });

  test('streams are bounded in number, and end with the API', async () => {
    const of = api(instance());
    const open = await Promise.all(Array.from({ length: 32 }, () => ask(of, '/api/events')));
    assert.equal((await ask(of, '/api/events')).status, 503);
    await open[0]?.body?.cancel();
    const another = await ask(of, '/api/events');
    assert.equal(another.status, 200);
    of.close();
    for await (const _ of serverEvents(another)) assert.fail('nothing was told');
  });
});

test('the description names exactly the routes that there are', async () => {
  const parts = instance([jobView('j')]);
  ran(parts, 'e', 0);
  parts.history.recordStarted(execution('live'));
  const of = api(parts);
  const { paths } = await json<{ paths: Record<string, Record<string, unknown>> }>(of, '/api/openapi.json');
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const ended = path.startsWith('/api/jobs') ? 'j' : 'e';
      const id = path.endsWith('/cancel') ? 'live' : ended;
      const query = path === '/api/timeline' ? `?from=1&to=2` : '';
      const response = await ask(of, path.replace('{id}', id) + query, { method: method.toUpperCase() });
      assert.ok(response.ok, `${method} ${path}: ${response.status}`);
      await response.body?.cancel();
    }
  }
  assert.equal(Object.keys(paths).length, 16);
});

test('the page is served with its content types, if it is there', async () => {
  const page = await loadPage();
  const body = new TextEncoder().encode('<p>');
  const withPage = new Map([...page, ['/', { type: 'text/html; charset=utf-8', body }] as const]);
  const of = createApi(instance(), owner, withPage);
  const response = await ask(of, '/');
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(await response.text(), '<p>');
  for (const path of page.keys()) assert.equal((await ask(of, path)).status, 200);
  assert.equal((await ask(of, '/../package.json')).status, 404);
});
