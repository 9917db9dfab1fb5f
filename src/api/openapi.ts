/** The description of the API for programs (OpenAPI 3.1); `types.ts` says the same to people. */
import { outcomeFilters } from './queries.ts';

type Json = Readonly<Record<string, unknown>>;

const text: Json = { type: 'string' };
const flag: Json = { type: 'boolean' };
const count: Json = { type: 'integer', minimum: 0 };
const moment: Json = { type: 'integer', description: 'Epoch milliseconds.' };
const duration: Json = { type: 'number', minimum: 0, description: 'Milliseconds.' };

function list(items: Json): Json {
  return { type: 'array', items };
}

function oneOf(...values: readonly string[]): Json {
  return { type: 'string', enum: values };
}

/** A name that ends with `?` may be missing. */
function object(properties: Readonly<Record<string, Json>>): Json {
  const entries = Object.entries(properties);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace('?', ''), schema])),
    required: entries.map(([name]) => name).filter((name) => !name.endsWith('?')),
  };
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

const durations = object({ p50: duration, p95: duration, max: duration });
const trigger = object({ kind: text, text, timezone: text, words: text });

const schemas = {
  Error: object({ error: text }),
  Health: object({
    healthy: flag,
    reasons: list(text),
    version: text,
    startedAt: moment,
    engine: object({ connected: flag, lastEventProof: moment, lastList: moment }),
    history: object({ kind: oneOf('memory', 'file'), 'degraded?': text }),
    jobs: count,
    running: count,
    queued: count,
    poolSize: count,
  }),
  Job: object({
    id: text,
    name: text,
    container: text,
    containerName: text,
    'service?': text,
    command: text,
    trigger,
    state: oneOf('armed', 'suspended', 'waiting', 'held'),
    'nextFireTime?': moment,
    running: count,
    waiting: count,
    max: count,
    overlap: oneOf('skip', 'queue'),
    catchUp: oneOf('skip', 'once', 'all'),
    jitterMs: duration,
    'graceMs?': duration,
    'timeoutMs?': duration,
  }),
  Jobs: object({ jobs: list(ref('Job')), total: count }),
  Action: object({ job: text, done: oneOf('run', 'pause', 'resume') }),
  Cancel: object({ execution: text, done: oneOf('cancel') }),
  Execution: object({
    execution: text,
    job: text,
    jobName: text,
    container: text,
    containerName: text,
    'service?': text,
    fireTime: moment,
    'startedAt?': moment,
    'endedAt?': moment,
    outcome: text,
    'exitCode?': { type: 'integer' },
    'reason?': text,
    latenessMs: duration,
    'durationMs?': duration,
    'output?': text,
  }),
  Executions: object({ executions: list(ref('Execution')), 'next?': text }),
  Statistics: object({
    jobs: list(
      object({
        job: text,
        executions: count,
        'successRate?': { type: 'number', minimum: 0, maximum: 1 },
        'durationMs?': durations,
        longestLatenessMs: duration,
      }),
    ),
  }),
  Problem: object({
    container: text,
    containerName: text,
    'job?': text,
    labels: list(text),
    message: text,
    'hint?': text,
    severity: oneOf('rejected', 'warning'),
  }),
  Problems: object({ problems: list(ref('Problem')) }),
  Timeline: object({
    from: moment,
    to: moment,
    now: moment,
    rows: list(
      object({
        group: text,
        executions: list(
          object({
            execution: text,
            jobName: text,
            from: moment,
            'to?': moment,
            outcome: text,
            'exitCode?': { type: 'integer' },
          }),
        ),
        fireTimes: list(object({ jobName: text, at: moment })),
        goingOn: list(object({ jobName: text, at: moment })),
      }),
    ),
    leftOut: count,
  }),
} as const satisfies Readonly<Record<string, Json>>;

type SchemaName = keyof typeof schemas;

function answer(description: string, schema: SchemaName): Json {
  return { description, content: { 'application/json': { schema: ref(schema) } } };
}

function inQuery(name: string, schema: Json, required = false): Json {
  return { name, in: 'query', required, schema };
}

const idInPath: Json = { name: 'id', in: 'path', required: true, schema: text };
const noSuch = answer('There is no such thing.', 'Error');
const notUnderstood = answer('The query was not understood.', 'Error');

function get(summary: string, schema: SchemaName, parameters: readonly Json[] = [], more: Json = {}): Json {
  return { get: { summary, parameters, responses: { 200: answer('The answer.', schema), ...more } } };
}

function stream(summary: string, parameters: readonly Json[], more: Json = {}): Json {
  const events = { description: 'Server-sent events.', content: { 'text/event-stream': { schema: text } } };
  const responses = { 200: events, 503: answer('There are too many streams.', 'Error'), ...more };
  return { get: { summary, parameters, responses } };
}

function action(summary: string, schema: 'Action' | 'Cancel' = 'Action', more: Json = {}): Json {
  return {
    post: {
      summary,
      parameters: [idInPath],
      security: [{ token: [] }],
      responses: {
        202: answer('It is done.', schema),
        401: answer('The token is missing or wrong.', 'Error'),
        403: answer('No token is configured, so HTTP allows no actions.', 'Error'),
        404: noSuch,
        ...more,
      },
    },
  };
}

const page = { type: 'integer', minimum: 1, maximum: 1000, default: 100 };

const paths: Readonly<Record<string, Json>> = {
  '/healthz': get('Whether it does its work.', 'Health', [], { 503: answer('It does not.', 'Health') }),
  '/metrics': {
    get: {
      summary: 'Counters and gauges for Prometheus.',
      responses: { 200: { description: 'Prometheus text.', content: { 'text/plain': { schema: text } } } },
    },
  },
  '/api/jobs': get(
    'The jobs that are registered now.',
    'Jobs',
    [
      inQuery('search', text),
      inQuery('state', oneOf('armed', 'suspended', 'waiting', 'held')),
      inQuery('limit', page),
      inQuery('offset', count),
    ],
    { 400: notUnderstood },
  ),
  '/api/jobs/{id}': get('One job.', 'Job', [idInPath], { 404: noSuch }),
  '/api/jobs/{id}/run': action('Runs a job now.'),
  '/api/jobs/{id}/pause': action('Keeps a job from firing until it is resumed.'),
  '/api/jobs/{id}/resume': action('Lets a paused job fire again.'),
  '/api/executions': get(
    'What ran and what did not, newest fire time first.',
    'Executions',
    [
      inQuery('job', text),
      inQuery('outcome', { type: 'string', description: `A comma list of ${outcomeFilters.join(', ')}.` }),
      inQuery('from', moment),
      inQuery('to', moment),
      inQuery('limit', page),
      inQuery('before', text),
    ],
    { 400: notUnderstood, 503: answer('The history can not be read now.', 'Error') },
  ),
  '/api/executions/{id}': get('One execution with its output.', 'Execution', [idInPath], { 404: noSuch }),
  '/api/executions/{id}/output': stream(
    'Output as it comes: events `line` with `stream` and `text`, at the end `ended` with the execution.',
    [idInPath],
    { 404: noSuch },
  ),
  '/api/executions/{id}/cancel': action('Stops a running execution in its container.', 'Cancel', {
    409: answer('It has ended.', 'Error'),
  }),
  '/api/statistics': get('Success rate, durations and lateness of each job.', 'Statistics', [
    inQuery('job', text),
  ]),
  '/api/problems': get('Mistakes in labels, with their remedies.', 'Problems'),
  '/api/timeline': get(
    'What ran and what will run between two moments, by service.',
    'Timeline',
    [inQuery('from', moment, true), inQuery('to', moment, true)],
    { 400: notUnderstood },
  ),
  '/api/events': stream('What was decided, as it happens: events `report`.', []),
  '/api/openapi.json': {
    get: { summary: 'This description.', responses: { 200: { description: 'OpenAPI 3.1.' } } },
  },
};

export function openApi(version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'chorewheel',
      version,
      description: 'Times are epoch milliseconds, durations milliseconds; what is not known is left out.',
    },
    paths,
    components: {
      schemas,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'HTTP_TOKEN' } },
    },
  };
}
