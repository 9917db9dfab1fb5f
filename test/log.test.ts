import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { createLog, type LogOptions, type LogRecord } from '../src/log.ts';
import { parseLogFormat } from '../src/log-format.ts';
import { seededRandom, testSeed, whole } from './support/random.ts';

type Line = { readonly text: string; readonly stream: 'stdout' | 'stderr' };

function collect(options: Partial<LogOptions>, records: readonly LogRecord[]): readonly Line[] {
  const lines: Line[] = [];
  const log = createLog({
    format: '{levelname} {message}',
    stderrLevel: Number.POSITIVE_INFINITY,
    debug: true,
    now: () => Date.UTC(2026, 10, 26, 3, 0, 0, 7),
    write: (text, stream) => lines.push({ text, stream }),
    ...options,
  });
  for (const record of records) log(record);
  return lines;
}

const info = (message: string, fields = {}): LogRecord => ({ level: 'INFO', event: 'test', message, fields });

test('json gives one object a line with the stable fields', () => {
  const [line] = collect({ format: 'json' }, [info('ended', { job: 'a', exit_code: 0, service: undefined })]);
  assert.deepEqual(JSON.parse(line?.text ?? ''), {
    level: 'INFO',
    time: '2026-11-26T03:00:00.007Z',
    event: 'test',
    job: 'a',
    exit_code: 0,
    message: 'ended',
  });
});

test('records are split between the streams by level', () => {
  const all = (['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const).map((level) => ({
    level,
    event: 'test',
    message: 'm',
  }));
  const streams = (stderrLevel: number): string =>
    collect({ stderrLevel }, all)
      .map((line) => (line.stream === 'stderr' ? 'e' : 'o'))
      .join('');
  assert.equal(streams(Number.POSITIVE_INFINITY), 'ooooo');
  assert.equal(streams(30), 'ooeee');
  assert.equal(streams(0), 'eeeee');
});

test('debug records are written only with debug on', () => {
  const record: LogRecord = { level: 'DEBUG', event: 'test', message: 'm' };
  assert.equal(collect({ debug: false }, [record]).length, 0);
  assert.equal(collect({ debug: true }, [record]).length, 1);
});

const hostile = [
  'two\nlines\r\n',
  'escape \u001b[31m red \u009b31m',
  'separators \u2028 \u2029 \u0085 \v \f',
  'direction \u202e \u2066 \u200f \u061c',
  'lone \ud800 and \udc00',
  'nul \u0000 del \u007f bom \ufeff',
  'percent %s %d %j {message} {0}',
];

for (const format of ['json', '{message}']) {
  test(`hostile text stays on one line and steers no terminal with format ${format}`, () => {
    for (const text of hostile) {
      const lines = collect({ format }, [
        info(text, { job: text }),
        { ...info(text), prefix: text, event: text },
      ]);
      for (const { text: line } of lines) {
        assert.match(line, /^[^\n]*\n$/);
        assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/u);
        if (format === 'json') assert.equal(JSON.parse(line).message, text);
      }
    }
  });
}

test('random text stays one line of valid JSON that says the same', (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const texts = Array.from({ length: 2000 }, () =>
    String.fromCharCode(...Array.from({ length: whole(random, 20) }, () => whole(random, 0x1_00_00))),
  );
  const json = collect(
    { format: 'json' },
    texts.map((text) => info(text, { job: text })),
  );
  const plain = collect(
    { format: '{message}|' },
    texts.map((text) => info(text)),
  );
  for (const [index, text] of texts.entries()) {
    const line = json[index]?.text ?? '';
    assert.equal(JSON.parse(line).message, text);
    for (const one of [line, plain[index]?.text ?? '']) {
      assert.match(one, /^[^\n]*\n$/);
      assert.doesNotMatch(one.slice(0, -1), /(?!\t)\p{Cc}|[\p{Cs}\u2028-\u202e\u2066-\u2069]/u);
    }
  }
});

test('ordinary text of all languages is left as it is', () => {
  const text = 'Grüße, 日本語, 🎉 done';
  assert.equal(collect({ format: '{message}' }, [info(text)])[0]?.text, `${text}\n`);
});

const at = new Date(2026, 10, 26, 3, 4, 5, 7).getTime();
const formats: readonly (readonly [string, string])[] = [
  ['{asctime} | {levelname:8} | {message}', '2026-11-26 03:04:05,007 | WARNING  | hi'],
  ['{levelname:>9}|{levelname:^9}|{levelname:*<9}|', '  WARNING| WARNING |WARNING**|'],
  ['{levelname:.4}{message:s}', 'WARNhi'],
  ['{{{message}}}', '{hi}'],
  ['{levelno} {levelno:4} {levelno:04d}', '30   30 0030'],
  ['{created:.3f}', (at / 1000).toFixed(3)],
  ['{msecs} {msecs:03.0f} {msecs:6.1f}', '7.0 007    7.0'],
  ['{name}[{process}]', `chorewheel[${process.pid}]`],
];

for (const [template, expected] of formats) {
  test(`the template ${template} is understood as Python does`, () => {
    const parsed = parseLogFormat(template);
    assert.ok(parsed.ok && parsed.format !== 'json');
    assert.equal(parsed.format({ time: at, levelname: 'WARNING', levelno: 30, message: 'hi' }), expected);
  });
}

const noFormats: readonly (readonly [string, RegExp])[] = [
  ['{levelnam}', /\{levelnam\}: there is no such field; accepted are "json" or text with \{asctime\}/],
  ['{0} {message}', /\{0\}: there is no such field/],
  ['{message', /a single "\{"/],
  ['message}', /a single "\}"/],
  ['{message!r}', /there is no such field/],
  ['{message:d}', /message is a text/],
  ['{levelno:s}', /levelno is a number/],
  ['{created:d}', /write f/],
  ['{message:99999}', /not \[fill\]/],
  ['%(message)s', /no placeholder/],
  ['', /no placeholder/],
];

for (const [template, expected] of noFormats) {
  test(`the template "${template}" is refused with a reason`, () => {
    const parsed = parseLogFormat(template);
    assert.ok(!parsed.ok);
    assert.match(parsed.message, expected);
  });
}

test('the date is told anew when the second changes, also backwards', () => {
  const parsed = parseLogFormat('{asctime}');
  assert.ok(parsed.ok && parsed.format !== 'json');
  const show = parsed.format;
  const texts = [at, at + 993, at - 5000].map((time) =>
    show({ time, levelname: '', levelno: 0, message: '' }),
  );
  assert.deepEqual(texts, ['2026-11-26 03:04:05,007', '2026-11-26 03:04:06,000', '2026-11-26 03:04:00,007']);
});

test('a batch writes once a stream and keeps the order of its records', () => {
  const lines: Line[] = [];
  const log = createLog({
    format: '{message}',
    stderrLevel: 30,
    debug: false,
    write: (text, stream) => lines.push({ text, stream }),
  });
  log.batch(() => {
    log(info('1'));
    log({ ...info('2'), level: 'ERROR' });
    log(info('3'));
  });
  assert.deepEqual(lines, [
    { text: '1\n3\n', stream: 'stdout' },
    { text: '2\n', stream: 'stderr' },
  ]);
});

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A child that logs through its real streams; `code` sees `log`, `tell`, and `emit(n)`: n numbered records. */
function child(code: string, t: { after(fn: () => void): void }, stdout: 'pipe' | number = 'pipe'): Child {
  const module = new URL(
    import.meta.url.endsWith('.ts') ? '../src/log.ts' : '../src/log.js',
    import.meta.url,
  );
  const source = `
    import { createLog } from ${JSON.stringify(module.href)};
    const log = createLog({ format: '{message}', stderrLevel: 30, debug: false });
    const padding = 'x'.repeat(1000);
    let count = 0;
    const emit = (n) => { for (let i = 0; i < n; i++) log({ level: 'INFO', event: 'test', message: count++ + ' ' + padding }); };
    const tell = (message) => log({ level: 'WARNING', event: 'test', message });
    ${code}`;
  const started: Child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['pipe', stdout, 'pipe'],
  }) as Child;
  t.after(() => started.kill('SIGKILL'));
  started.stdin.on('error', () => {});
  return started;
}

/** Waits until the stream has said it; keeps the stream open. */
function said(stream: Readable, words: string): Promise<void> {
  let all = '';
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk) => {
      all += chunk;
      if (all.includes(words)) resolve();
    });
    stream.on('end', () => reject(new Error(`ended without "${words}": ${all}`)));
  });
}

async function text(stream: Readable): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += chunk;
  return all;
}

test('a stalled reader of standard output stops nothing, and what was dropped is told when it reads again', async (t) => {
  const started = child(
    `emit(5000); tell('alive');
     process.stdin.once('data', () => {
       const wait = setInterval(() => { if (log.pending() === 0) { clearInterval(wait); log({ level: 'INFO', event: 'test', message: 'last' }); process.stdin.destroy(); } }, 5);
     });`,
    t,
  );
  const ended = once(started, 'close');
  // The child goes on although nobody reads its standard output.
  await said(started.stderr, 'alive');
  started.stdin.write('go\n');
  const lines = (await text(started.stdout)).trimEnd().split('\n');
  await ended;
  const numbers = lines.flatMap((line) => /^(\d+) x+$/.exec(line)?.[1] ?? []).map(Number);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index),
    'what was kept is the beginning, in order',
  );
  const told = lines.flatMap((line) => /^(\d+) records were not written/.exec(line)?.[1] ?? []).map(Number);
  assert.equal(told.length, 1);
  assert.equal(numbers.length + (told[0] ?? 0), 5000);
  assert.equal(lines.at(-1), 'last');
});

test('a process whose reader stalls for ever still ends', async (t) => {
  const started = child(`emit(3000); process.exit(7);`, t);
  const [code] = await once(started, 'exit');
  assert.equal(code, 7);
});

test('a reader that goes away does not end the process: its records go to the other stream', async (t) => {
  const started = child(
    `process.stdin.once('data', () => { emit(2); tell('still here'); process.stdin.destroy(); });`,
    t,
  );
  started.stdout.destroy();
  await once(started.stdout, 'close');
  started.stdin.write('go\n');
  const [errors, [code]] = await Promise.all([text(started.stderr), once(started, 'exit')]);
  assert.equal(code, 0);
  assert.match(
    errors,
    /standard output is gone \(EPIPE.*\): its records come here\n0 x+\n1 x+\nstill here\n/,
  );
});

test('records written to a file are all there after a kill', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'chorewheel-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log');
  const fd = openSync(file, 'a');
  const started = child(`emit(100); tell('done'); setInterval(() => {}, 1000);`, t, fd);
  closeSync(fd);
  await said(started.stderr, 'done');
  started.kill('SIGKILL');
  await once(started, 'close');
  const lines = readFileSync(file, 'utf8').split('\n');
  assert.equal(lines.length, 101);
  assert.match(lines[99] ?? '', /^99 x+$/);
});
