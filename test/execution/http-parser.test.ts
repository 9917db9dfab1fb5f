import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseParser } from '../../src/docker/http-parser.ts';

/** What a parser tells of bytes that come in pieces of `size`. */
function parse(text: string | Buffer, size: number, close = false): string[] {
  const told: string[] = [];
  let body = '';
  const parser = new ResponseParser({
    head: (status, upgraded) => told.push(`head ${status}${upgraded ? ' upgraded' : ''}`),
    data: (chunk, start, end) => {
      body += chunk.toString('latin1', start, end);
    },
    end: (reusable) => told.push(`body ${body}`, `end ${reusable}`),
  });
  const bytes = Buffer.from(text as string, 'latin1');
  for (let at = 0; at < bytes.length; at += size) {
    // A buffer of its own for each piece, overwritten afterwards: nothing may be kept of it.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    parser.push(piece);
    piece.fill(0);
  }
  if (close) told.push(`complete ${parser.close()}`);
  return told;
}

const CASES = [
  {
    name: 'a body with a length',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    told: ['head 200', 'body hello', 'end true'],
  },
  {
    name: 'no body',
    text: 'HTTP/1.1 204 No Content\r\n\r\n',
    told: ['head 204', 'body ', 'end true'],
  },
  {
    name: 'an empty body, and a connection that closes',
    text: 'HTTP/1.1 201 Created\r\ncontent-length: 0\r\nConnection: close\r\n\r\n',
    told: ['head 201', 'body ', 'end false'],
  },
  {
    name: 'chunks, with extensions and a trailer',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n',
    told: ['head 200', 'body abc0123456789', 'end true'],
  },
  {
    name: 'an interim answer before the real one',
    text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno',
    told: ['head 404', 'body no', 'end true'],
  },
  {
    name: 'HTTP/1.0 closes by default',
    text: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    told: ['head 200', 'body ok', 'end false'],
  },
] as const;

for (const { name, text, told } of CASES)
  test(`${name} is read the same however its bytes are split`, () => {
    for (const size of [1, 2, 3, 7, 1000]) assert.deepEqual(parse(text, size), told);
  });

test('a body without length and an upgraded connection end with the connection', () => {
  for (const size of [1, 5, 1000]) {
    assert.deepEqual(parse('HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\nabc', size, true), [
      'head 200',
      'body abc',
      'end false',
      'complete true',
    ]);
    assert.deepEqual(parse('HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nabc', size, true), [
      'head 101 upgraded',
      'body abc',
      'end false',
      'complete true',
    ]);
  }
});

test('a body that ends before its length is not complete', () => {
  assert.deepEqual(parse('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 4, true), [
    'head 200',
    'complete false',
  ]);
  assert.deepEqual(parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', 4, true), [
    'head 200',
    'complete false',
  ]);
});

test('what is no answer is refused', () => {
  const bad = [
    'SSH-2.0-OpenSSH\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(2000)}`,
    'HTTP/1.1 204 No Content\r\n\r\nextra',
  ];
  for (const text of bad) assert.throws(() => parse(text, 512), { name: 'ParseError' }, text.slice(0, 60));
});
