/**
 * The routes of `types.ts`, as a function from request to response: the same for the owner's socket and for HTTP,
 * but for who may do what (`guard.ts`).
 */
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { HistoryUnavailable } from '../history/connection.ts';
import type { ExecutionId, JobId } from '../ids.ts';
import type { JobView } from '../scheduling/events.ts';
import {
  executionAnswer,
  executionWithOutput,
  jobAnswer,
  problemAnswer,
  statisticsAnswer,
} from './answers.ts';
import { createEventStreams, type EventStreams } from './event-stream.ts';
import { type Access, judge } from './guard.ts';
import { healthAnswer } from './health.ts';
import { openApi } from './openapi.ts';
import { followOutput } from './output.ts';
import type { Page } from './page.ts';
import type { ApiParts } from './parts.ts';
import {
  BadQuery,
  type JobsQuery,
  readExecutionsQuery,
  readJobsQuery,
  readTimelineQuery,
} from './queries.ts';
import { timelineAnswer } from './timeline.ts';
import type { ActionAnswer, CancelAnswer, ExecutionsAnswer, JobsAnswer } from './types.ts';

export interface Api {
  fetch(request: Request): Response | Promise<Response>;
  /** Ends the event streams, which would otherwise keep their connections. */
  close(): void;
}

/** Event streams at once, in one place that listens. */
const streamLimit = 32;

export function createApi(parts: ApiParts, access: Access, page: Page): Api {
  const app = new Hono();
  const streams = createEventStreams(streamLimit);
  guard(app, access);
  stateRoutes(app, parts);
  jobRoutes(app, parts);
  executionRoutes(app, parts, streams);
  pageRoutes(app, page);
  app.notFound((context) => context.json({ error: `there is no ${context.req.path}` }, 404));
  app.onError((error, context) => answerError(error, context, parts));
  return { fetch: (request) => app.fetch(request), close: () => streams.close() };
}

function guard(app: Hono, access: Access): void {
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      referrerPolicy: 'no-referrer',
      xFrameOptions: 'DENY',
      // It speaks plain HTTP; encryption is a proxy's affair, and so is this promise.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (context, next) => {
    const verdict = judge(access, context.req.raw);
    if (verdict.ok) {
      context.header('cache-control', 'no-store');
      await next();
      return undefined;
    }
    if (verdict.status === 401) context.header('www-authenticate', 'Bearer');
    return context.json({ error: verdict.error }, verdict.status);
  });
}

function stateRoutes(app: Hono, parts: ApiParts): void {
  app.get('/healthz', (context) => {
    const answer = healthAnswer(parts);
    return context.json(answer, answer.healthy ? 200 : 503);
  });
  app.get('/metrics', (context) =>
    context.body(metricsText(parts), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  app.get('/api/problems', (context) =>
    context.json({ problems: Array.from(parts.problems(), problemAnswer) }),
  );
  app.get('/api/statistics', async (context) =>
    context.json(statisticsAnswer(await parts.history.statistics(context.req.query('job')))),
  );
  app.get('/api/timeline', async (context) =>
    context.json(await timelineAnswer(parts, readTimelineQuery(context.req.query()))),
  );
  app.get('/api/openapi.json', (context) => context.json(openApi(parts.version)));
}

function metricsText(parts: ApiParts): string {
  const { jobs, running, waiting, poolSize } = parts.counts();
  const { connected, reconnects, resyncs } = parts.engine();
  const history = parts.history.health();
  let problems = 0;
  for (const _ of parts.problems()) problems += 1;
  return parts.metrics.render({
    version: parts.version,
    startedAt: parts.startedAt,
    jobs,
    running,
    queued: waiting,
    poolSize,
    problems,
    connected,
    reconnects,
    resyncs,
    historyDegraded: history.degraded !== undefined,
    historyWaiting: history.waiting,
    historyDropped: history.dropped,
  });
}

function jobRoutes(app: Hono, parts: ApiParts): void {
  app.get('/api/jobs', (context) => context.json(jobsAnswer(parts, readJobsQuery(context.req.query()))));
  app.get('/api/jobs/:id', (context) => {
    const job = parts.job(context.req.param('id') as JobId);
    return job === undefined ? noSuchJob(context) : context.json(jobAnswer(job, parts.describe));
  });
  const actions = { run: 'run now', pause: 'pause job', resume: 'resume job' } as const;
  for (const done of ['run', 'pause', 'resume'] as const) {
    app.post(`/api/jobs/:id/${done}`, (context) => {
      const job = context.req.param('id') as JobId;
      if (parts.job(job) === undefined) return noSuchJob(context);
      parts.apply({ kind: actions[done], job });
      const answer: ActionAnswer = { job, done };
      return context.json(answer, 202);
    });
  }
}

function noSuchJob(context: Context): Response {
  return context.json({ error: 'there is no such job now' }, 404);
}

function jobsAnswer(parts: ApiParts, query: JobsQuery): JobsAnswer {
  const wanted = query.search.toLowerCase();
  const shown: JobView[] = [];
  let total = 0;
  for (const job of parts.jobs()) {
    if (!matches(job, wanted, query.state)) continue;
    if (total >= query.offset && shown.length < query.limit) shown.push(job);
    total += 1;
  }
  return { jobs: shown.map((job) => jobAnswer(job, parts.describe)), total };
}

function matches(job: JobView, wanted: string, state: JobView['state'] | undefined): boolean {
  if (state !== undefined && job.state !== state) return false;
  if (wanted === '') return true;
  const texts = [
    job.id,
    job.name,
    job.containerName,
    job.service ?? '',
    job.definition.command,
    job.trigger.text,
  ];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

function executionRoutes(app: Hono, parts: ApiParts, streams: EventStreams): void {
  app.get('/api/executions', async (context) => {
    const { rows, next } = await parts.history.executions(readExecutionsQuery(context.req.query()));
    const answer: ExecutionsAnswer = {
      executions: rows.map(executionAnswer),
      ...(next === undefined ? {} : { next }),
    };
    return context.json(answer);
  });
  app.get('/api/executions/:id', async (context) => {
    const row = await parts.history.execution(context.req.param('id') as ExecutionId);
    return row === undefined ? noSuchExecution(context) : context.json(executionWithOutput(row));
  });
  app.get('/api/executions/:id/output', async (context) => {
    const id = context.req.param('id') as ExecutionId;
    if ((await parts.history.execution(id)) === undefined) return noSuchExecution(context);
    return streams.open((sink) => followOutput(parts, id, sink)) ?? tooManyStreams(context);
  });
  app.post('/api/executions/:id/cancel', async (context) => {
    const execution = context.req.param('id') as ExecutionId;
    const row = await parts.history.execution(execution);
    if (row === undefined) return noSuchExecution(context);
    if (row.outcome !== 'running') return context.json({ error: 'this execution has ended' }, 409);
    parts.apply({ kind: 'cancel', execution });
    const answer: CancelAnswer = { execution, done: 'cancel' };
    return context.json(answer, 202);
  });
  app.get('/api/events', (context) => {
    const subscribe = (sink: { send(event: string, data: unknown): void }) =>
      parts.live.onReport((event) => sink.send('report', event));
    return streams.open(subscribe) ?? tooManyStreams(context);
  });
}

function noSuchExecution(context: Context): Response {
  return context.json({ error: 'there is no such execution in the history' }, 404);
}

function tooManyStreams(context: Context): Response {
  return context.json({ error: `there are ${streamLimit} event streams already: try again later` }, 503);
}

function pageRoutes(app: Hono, page: Page): void {
  for (const [path, { type, body }] of page) {
    app.get(path, (context) =>
      context.body(body, 200, { 'content-type': type, 'cache-control': 'no-cache' }),
    );
  }
}

function answerError(error: Error, context: Context, parts: ApiParts): Response {
  if (error instanceof BadQuery) return context.json({ error: error.message }, 400);
  if (error instanceof HistoryUnavailable) return context.json({ error: error.message }, 503);
  parts.warn(`a request to ${context.req.path} failed: ${error.stack ?? error.message}`);
  return context.json({ error: 'a mistake of chorewheel; its log tells more' }, 500);
}
