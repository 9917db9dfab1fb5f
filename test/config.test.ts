import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigResult, readConfig } from '../src/config.ts';
import type { Config } from '../src/configuration.ts';

type Env = Readonly<Record<string, string>>;

function read(env: Env, files: readonly string[] = [], cores = 2): ConfigResult {
  return readConfig(env, { cores, fileExists: (path) => files.includes(path) });
}

function accepted(env: Env, files: readonly string[] = []): Config {
  const result = read(env, files);
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

function mistakes(env: Env, files: readonly string[] = []): readonly string[] {
  const result = read(env, files);
  assert.ok(!result.ok, `accepted: ${JSON.stringify(env)}`);
  return result.mistakes;
}

const pem = (folder: string): string[] => ['ca', 'cert', 'key'].map((name) => `${folder}/${name}.pem`);

test('an empty environment gives the documented defaults', () => {
  const { labels, ...rest } = accepted({});
  assert.deepEqual(rest, {
    engine: { kind: 'unix', socketPath: '/var/run/docker.sock' },
    clientTimeoutMs: 60_000,
    containerCacheSize: 128,
    jobPoolSize: 10,
    workerThreads: 2,
    stopTimeoutMs: 10_000,
    resyncIntervalMs: 60_000,
    outputLimit: 1_048_576,
    debug: false,
    logFormat: '{asctime} | {levelname:8} | {message}',
    stderrLevel: Number.POSITIVE_INFINITY,
    stateDir: undefined,
    historyMaxAgeMs: 30 * 86_400_000,
    historyMaxBytes: 256_000_000,
    controlSocket: '/run/chorewheel/control.sock',
    http: undefined,
  });
  assert.deepEqual(
    { ...labels, jobName: labels.jobName.source },
    {
      namespace: 'deck-chores',
      defaultFlags: { image: true, service: true },
      defaultMax: 1,
      jobName: '[a-z0-9-]+',
      serviceIdLabels: ['com.docker.compose.project', 'com.docker.compose.service'],
      timezone: 'UTC',
      grace: Number.POSITIVE_INFINITY,
    },
  );
});

test('an empty variable counts as absent, but for the two lists that may be empty', () => {
  const names = [
    ...[
      'ASSERT_HOSTNAME',
      'CLIENT_TIMEOUT',
      'CONTAINER_CACHE_SIZE',
      'CONTROL_SOCKET',
      'DEBUG',
      'DEFAULT_MAX',
    ],
    ...['DOCKER_CERT_PATH', 'DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'HISTORY_MAX_AGE', 'HISTORY_MAX_SIZE'],
    ...['HTTP_LISTEN', 'HTTP_TOKEN', 'JOB_NAME_REGEX', 'JOB_POOL_SIZE', 'LABEL_NAMESPACE', 'LOG_FORMAT'],
    ...['MISFIRE_GRACE', 'OUTPUT_LIMIT', 'RESYNC_INTERVAL', 'SSL_VERSION', 'STATE_DIR', 'STDERR_LEVEL'],
    ...['STOP_TIMEOUT', 'TIMEZONE', 'WORKER_THREADS', 'XDG_RUNTIME_DIR'],
  ];
  const config = (env: Env): string => JSON.stringify(accepted(env));
  assert.equal(config(Object.fromEntries(names.map((name) => [name, '']))), config({}));
  const { labels } = accepted({ DEFAULT_FLAGS: '', SERVICE_ID_LABELS: '' });
  assert.deepEqual(labels.defaultFlags, { image: false, service: false });
  assert.deepEqual(labels.serviceIdLabels, []);
});

const values: readonly [Env, (config: Config) => unknown, unknown][] = [
  [{ CLIENT_TIMEOUT: '2.5' }, (c) => c.clientTimeoutMs, 2500],
  [{ CLIENT_TIMEOUT: '2m' }, (c) => c.clientTimeoutMs, 120_000],
  [{ CONTAINER_CACHE_SIZE: '0' }, (c) => c.containerCacheSize, 0],
  [{ ASSERT_HOSTNAME: 'Yes' }, (c) => c.engine.kind, 'unix'],
  [{ DEBUG: 'ON' }, (c) => c.debug, true],
  [{ DEBUG: '0' }, (c) => c.debug, false],
  [{ DEFAULT_FLAGS: 'noservice' }, (c) => c.labels.defaultFlags, { image: true, service: false }],
  [{ DEFAULT_FLAGS: 'service' }, (c) => c.labels.defaultFlags, { image: false, service: true }],
  [{ DEFAULT_FLAGS: ' image , noservice' }, (c) => c.labels.defaultFlags, { image: true, service: false }],
  [{ DEFAULT_MAX: '4' }, (c) => c.labels.defaultMax, 4],
  [{ LABEL_NAMESPACE: 'org.example.a+b' }, (c) => c.labels.namespace, 'org.example.a+b'],
  [{ SERVICE_ID_LABELS: 'b, a,b,' }, (c) => c.labels.serviceIdLabels, ['b', 'a']],
  [{ TIMEZONE: 'Asia/Tel Aviv' }, (c) => c.labels.timezone, 'Asia/Tel_Aviv'],
  [{ MISFIRE_GRACE: '90s' }, (c) => c.labels.grace, 90_000],
  [{ STOP_TIMEOUT: '0' }, (c) => c.stopTimeoutMs, 0],
  [{ OUTPUT_LIMIT: '64 KiB' }, (c) => c.outputLimit, 65_536],
  [{ OUTPUT_LIMIT: '1.5k' }, (c) => c.outputLimit, 1500],
  [{ HISTORY_MAX_AGE: 'unlimited' }, (c) => c.historyMaxAgeMs, Number.POSITIVE_INFINITY],
  [{ HISTORY_MAX_SIZE: '2G' }, (c) => c.historyMaxBytes, 2e9],
  [{ WORKER_THREADS: '7' }, (c) => c.workerThreads, 7],
  [{ JOB_POOL_SIZE: '1' }, (c) => c.workerThreads, 1],
  [{ LOG_FORMAT: 'JSON' }, (c) => c.logFormat, 'json'],
  [{ STDERR_LEVEL: 'warning' }, (c) => c.stderrLevel, 30],
  [{ STDERR_LEVEL: 'NOTSET' }, (c) => c.stderrLevel, Number.POSITIVE_INFINITY],
  [{ STATE_DIR: '/state' }, (c) => c.stateDir, '/state'],
  [{ CONTROL_SOCKET: 'off' }, (c) => c.controlSocket, undefined],
  [{ CONTROL_SOCKET: '/a/b' }, (c) => c.controlSocket, '/a/b'],
  [{ XDG_RUNTIME_DIR: '/run/user/7' }, (c) => c.controlSocket, '/run/user/7/chorewheel.sock'],
  [{ HTTP_LISTEN: '[::1]:80', HTTP_TOKEN: 't' }, (c) => c.http, { host: '::1', port: 80, token: 't' }],
  [{ HTTP_LISTEN: 'localhost:0' }, (c) => c.http, { host: 'localhost', port: 0, token: undefined }],
];

for (const [env, pick, expected] of values) {
  test(`${JSON.stringify(env)} is understood`, () => assert.deepEqual(pick(accepted(env)), expected));
}

const wrong: readonly [Env, string][] = [
  [{ CLIENT_TIMEOUT: '0' }, 'CLIENT_TIMEOUT: "0" is too short: more than 0 is expected'],
  [
    { CLIENT_TIMEOUT: 'x' },
    'CLIENT_TIMEOUT: "x" is not a duration: seconds, or numbers with units such as 90s, 5m, 1.5h, 2 days',
  ],
  [{ CONTAINER_CACHE_SIZE: '-1' }, 'CONTAINER_CACHE_SIZE: "-1" is not a whole number from 0 to 10,000,000'],
  [{ RESYNC_INTERVAL: '30d' }, 'RESYNC_INTERVAL: "30d" is longer than 24 days'],
  [{ STOP_TIMEOUT: '25 days' }, 'STOP_TIMEOUT: "25 days" is longer than 24 days'],
  [{ DEBUG: 'maybe' }, 'DEBUG: "maybe" is neither of on, true, yes, 1 nor of off, false, no, 0'],
  [
    { DEFAULT_FLAGS: 'serivce' },
    'DEFAULT_FLAGS: "serivce" is no flag: image, service, noimage and noservice are (Did you mean service?)',
  ],
  [{ DEFAULT_MAX: '0' }, 'DEFAULT_MAX: "0" is not a whole number of at least 1'],
  [{ JOB_POOL_SIZE: '0' }, 'JOB_POOL_SIZE: "0" is not a whole number from 1 to 100,000'],
  [{ WORKER_THREADS: '1.5' }, 'WORKER_THREADS: "1.5" is not a whole number from 1 to 256'],
  [
    { TIMEZONE: 'europe/berlin' },
    'TIMEZONE: "europe/berlin" is no name of the tz database (Did you mean Europe/Berlin?)',
  ],
  [{ TIMEZONE: 'UTC+2' }, 'TIMEZONE: "UTC+2" is no name of the tz database (Did you mean Etc/GMT-2?)'],
  [
    { OUTPUT_LIMIT: 'much' },
    'OUTPUT_LIMIT: "much" is not a size: bytes, or a number with a unit as in 256 MB, 1 MiB',
  ],
  [{ SSL_VERSION: 'SSLv3' }, 'SSL_VERSION: "SSLv3" is not one of TLS, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3'],
  [
    { STDERR_LEVEL: 'WARNNIG' },
    'STDERR_LEVEL: "WARNNIG" is not one of NOTSET, DEBUG, INFO, WARNING, ERROR, CRITICAL (Did you mean WARNING?)',
  ],
  [
    { HTTP_LISTEN: '8080' },
    'HTTP_LISTEN: "8080" is not host:port (As in 127.0.0.1:8080, [::1]:8080, or 0.0.0.0:8080 for all interfaces)',
  ],
  [
    { HTTP_TOKEN: 'secret canary' },
    'HTTP_TOKEN: the token (not shown) must be of printable ASCII characters without blanks',
  ],
];

for (const [env, expected] of wrong) {
  test(`${JSON.stringify(env)} is refused`, () => assert.deepEqual(mistakes(env), [expected]));
}

test('all mistakes are told together, the engine address included', () => {
  const env = { DEBUG: 'x', DEFAULT_MAX: 'x', DOCKER_HOST: 'x', JOB_NAME_REGEX: '(', LOG_FORMAT: '{nope}' };
  assert.deepEqual(
    mistakes(env).map((line) => line.slice(0, line.indexOf(':'))),
    ['DEBUG', 'DEFAULT_MAX', 'DOCKER_HOST', 'JOB_NAME_REGEX', 'LOG_FORMAT'],
  );
});

test('a hostile regular expression is either refused or matched in linear time', () => {
  for (const source of ['(a+)+b', '(a|a)*b', '(a*)*b', '((a{0,9})*)*b']) {
    const { jobName } = accepted({ JOB_NAME_REGEX: source }).labels;
    assert.equal(jobName.test('a'.repeat(64)), false);
    assert.equal(jobName.test('aab'), true);
  }
  for (const source of ['(a)\\1', '(?=a)b', 'a{1,99999}', 'x'.repeat(2000), '(', '((a{99}){99}){99}']) {
    assert.match(mistakes({ JOB_NAME_REGEX: source })[0] ?? '', /^JOB_NAME_REGEX: .*can't be used/);
  }
});

test('control characters of values never reach a message', () => {
  const lines = mistakes({ DEBUG: '\u001b[31m\nx', TIMEZONE: 'a\u202eb', LABEL_NAMESPACE: 'a\nb' });
  assert.equal(lines.length, 3);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is what is tested
  for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u202e]/);
});

const addresses: readonly [Env, unknown][] = [
  [{ DOCKER_HOST: 'unix://var/run/docker.sock' }, { kind: 'unix', socketPath: '/var/run/docker.sock' }],
  [{ DOCKER_HOST: 'unix:///run/d.sock' }, { kind: 'unix', socketPath: '/run/d.sock' }],
  [{ DOCKER_HOST: 'tcp://h' }, { kind: 'tcp', host: 'h', port: 2375, tls: undefined }],
  [{ DOCKER_HOST: 'http://h:1234/' }, { kind: 'tcp', host: 'h', port: 1234, tls: undefined }],
  [{ DOCKER_HOST: 'TCP://[::1]:2375' }, { kind: 'tcp', host: '::1', port: 2375, tls: undefined }],
];

for (const [env, expected] of addresses) {
  test(`the engine address ${env.DOCKER_HOST} is understood`, () =>
    assert.deepEqual(accepted(env).engine, expected));
}

const tlsOf = (folder: string): unknown => ({
  ca: `${folder}/ca.pem`,
  cert: `${folder}/cert.pem`,
  key: `${folder}/key.pem`,
  assertHostname: false,
  minVersion: undefined,
});

test('https, DOCKER_TLS_VERIFY and certificates each mean TLS on port 2376', () => {
  const expected = (folder: string): unknown => ({ kind: 'tcp', host: 'h', port: 2376, tls: tlsOf(folder) });
  const files = pem('/config');
  assert.deepEqual(accepted({ DOCKER_HOST: 'https://h' }, files).engine, expected('/config'));
  assert.deepEqual(
    accepted({ DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1' }, files).engine,
    expected('/config'),
  );
  assert.deepEqual(accepted({ DOCKER_HOST: 'tcp://h' }, files).engine, expected('/config'));
  const own = { DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: '/certs/' };
  assert.deepEqual(accepted(own, pem('/certs')).engine, expected('/certs'));
});

test('the TLS settings are carried along', () => {
  const env = { DOCKER_HOST: 'https://h:1', ASSERT_HOSTNAME: 'on', SSL_VERSION: 'PROTOCOL_TLSv1_2' };
  const { engine } = accepted(env, pem('/config'));
  assert.ok(engine.kind === 'tcp' && engine.tls !== undefined);
  assert.equal(engine.tls.assertHostname, true);
  assert.equal(engine.tls.minVersion, 'TLSv1.2');
});

const refused: readonly [Env, RegExp][] = [
  [{ DOCKER_HOST: 'ssh://h' }, /^DOCKER_HOST: "ssh:\/\/h": ssh is not spoken \(Forward the socket/],
  [{ DOCKER_HOST: 'garbage://x' }, /^DOCKER_HOST: "garbage:\/\/x": unix:\/\/\/path, .* is expected$/],
  [{ DOCKER_HOST: '/run/docker.sock' }, /\(Write unix:\/\/\/run\/docker\.sock\)$/],
  [{ DOCKER_HOST: 'unix://' }, /the path of the socket is missing$/],
  [{ DOCKER_HOST: 'npipe:////./pipe/docker_engine' }, /npipe is not spoken/],
  [{ DOCKER_HOST: 'tcp://' }, /is expected$/],
  [{ DOCKER_HOST: 'tcp://user@h:1' }, /is expected$/],
  [{ DOCKER_HOST: 'tcp://h:70000' }, /the port is not from 1 to 65535$/],
  [{ DOCKER_HOST: 'tcp://h:1/path' }, /a path is not understood$/],
  [
    { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1' },
    /^DOCKER_CERT_PATH: TLS needs ca\.pem, cert\.pem and key\.pem; not found in "\/config": ca\.pem, cert\.pem, key\.pem/,
  ],
  [
    { DOCKER_HOST: 'http://h', DOCKER_CERT_PATH: '/c' },
    /^DOCKER_HOST: "http:\/\/h": certificates are configured in "\/c", so plain HTTP is not spoken/,
  ],
  [
    { DOCKER_HOST: 'http://h', DOCKER_TLS_VERIFY: '1' },
    /DOCKER_TLS_VERIFY is set, so plain HTTP is not spoken/,
  ],
];

for (const [env, expected] of refused) {
  test(`the engine address ${JSON.stringify(env)} is refused`, () => {
    const [line, ...others] = mistakes(env);
    assert.match(line ?? '', expected);
    assert.deepEqual(others, []);
  });
}

test('what is accepted but probably not meant is noted', () => {
  const notes = (env: Env): readonly string[] => {
    const result = read(env);
    return result.ok ? result.notes : assert.fail(result.mistakes.join());
  };
  assert.deepEqual(notes({}), []);
  assert.match(notes({ HTTP_TOKEN: 'x' })[0] ?? '', /without HTTP_LISTEN nothing is served/);
  assert.match(notes({ HTTP_LISTEN: '0.0.0.0:80' })[0] ?? '', /whoever can reach 0\.0\.0\.0/);
  assert.match(
    notes({ DOCKER_TLS_VERIFY: '0' }).join(),
    /mean nothing for a unix socket.*any value turns TLS on/,
  );
  assert.match(notes({ DOCKER_HOST: 'tcp://h' })[0] ?? '', /to h is not encrypted/);
});
