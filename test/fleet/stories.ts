/**
 * Stories that a client of an engine lives through, told as what it sees. The same ones run against the
 * simulated engine and against the real one; ids are replaced, so that the two accounts can be compared.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { call, demultiplex, type Listed, open, readAll, runExec } from '../support/http.ts';
import {
  type Account,
  ATTACH,
  eventsOf,
  plain,
  type Story,
  untilEnded,
  untilState,
  withContainer,
} from './telling.ts';

const execs: Story = (engine) =>
  withContainer(engine, async (id) => {
    const account: Account = [];
    const asks: [readonly string[], object?][] = [
      [['echo', 'one', 'two']],
      [['true']],
      [['false']],
      [['sh', '-c', 'echo out; echo err >&2; exit 7']],
      [['sleep', '0.1']],
      [['pwd'], { WorkingDir: '/tmp' }],
      [['whoami'], { User: 'nobody' }],
      [['nonesuch', 'argument']],
      [['/nonesuch/program']],
    ];
    for (const [words, more] of asks) {
      const { stdout, stderr, inspect } = await runExec(engine.socketPath, id, words, more);
      const { Running, ExitCode, Pid } = inspect;
      account.push({ words, stdout: stdout.trimEnd(), stderr, Running, ExitCode, started: Pid !== 0 });
    }
    const { stdout } = await runExec(engine.socketPath, id, ['env'], { Env: ['ONE=1', 'TWO=a b=c'] });
    account.push(stdout.split('\n').filter((line) => /^(ONE|TWO)=/.test(line)));
    return account;
  });

const refusals: Story = (engine) =>
  withContainer(engine, async (id, name) => {
    const account: Account = [];
    const ask = async (method: string, path: string, body?: unknown): Promise<string> => {
      const reply = await call(engine.socketPath, method, path, body);
      account.push([
        method,
        plain(path, { [id]: 'ID', [name]: 'NAME' }),
        reply.status,
        plain(reply.json?.message ?? '', { [id]: 'ID', [name]: 'NAME' }),
      ]);
      return reply.json?.Id;
    };
    const exec = { ...ATTACH, Cmd: ['true'] };
    await ask('POST', '/containers/nosuchcontainer/exec', exec);
    await ask('POST', `/containers/${id}/exec`, { ...ATTACH, Cmd: [] });
    await ask('GET', '/exec/nosuchexec/json');
    await ask('POST', '/exec/nosuchexec/start', { Detach: false });
    await ask('GET', '/images/nosuchimage/json');
    await ask('GET', '/no/such/path');
    await ask('POST', `/containers/${id}/start`);
    await ask('POST', `/containers/${id}/unpause`);
    await ask('DELETE', `/containers/${id}`);
    await ask('POST', `/containers/create?name=${name}`, { Image: engine.image, Cmd: ['true'] });
    await ask('POST', `/containers/${id}/pause`);
    await ask('POST', `/containers/${id}/pause`);
    await ask('POST', `/containers/${id}/exec`, exec);
    await ask('POST', `/containers/${id}/unpause`);
    await ask('POST', `/containers/${id}/kill`);
    await untilState(engine, id, 'exited');
    await ask('POST', `/containers/${id}/exec`, exec);
    await ask('POST', `/containers/${id}/kill`);
    await ask('POST', `/containers/${id}/stop`);
    await ask('POST', `/containers/${id}/pause`);
    return account;
  });

const secondStart: Story = (engine) =>
  withContainer(engine, async (id) => {
    const first = await runExec(engine.socketPath, id, ['true']);
    const again = await open(engine.socketPath, 'POST', `/exec/${first.id}/start`, { Detach: false });
    const told = plain(demultiplex(await readAll(again)).stdout, { [first.id]: 'EXEC' });
    const detached = await call(engine.socketPath, 'POST', `/exec/${first.id}/start`, { Detach: true });
    return [again.statusCode, told, detached.status, plain(detached.json.message, { [first.id]: 'EXEC' })];
  });

const pausedBetween: Story = (engine) =>
  withContainer(engine, async (id, name) => {
    const created = await call(engine.socketPath, 'POST', `/containers/${id}/exec`, {
      ...ATTACH,
      Cmd: ['true'],
    });
    await call(engine.socketPath, 'POST', `/containers/${id}/pause`);
    const start = await call(engine.socketPath, 'POST', `/exec/${created.json.Id}/start`, { Detach: false });
    const inspect = (await call(engine.socketPath, 'GET', `/exec/${created.json.Id}/json`)).json;
    return [
      start.status,
      plain(start.body, { [id]: 'ID', [name]: 'NAME' }),
      inspect.Running,
      inspect.ExitCode,
      inspect.Pid,
    ];
  });

const lifeInEvents: Story = (engine) =>
  withContainer(engine, async (id, name) => {
    for (const verb of [
      'pause',
      'unpause',
      'restart?t=0',
      `rename?name=${name}-renamed`,
      'stop?t=0',
      'start',
    ])
      await call(engine.socketPath, 'POST', `/containers/${id}/${verb}`);
    await runExec(engine.socketPath, id, ['sh', '-c', 'exit 3']);
    await runExec(engine.socketPath, id, ['nonesuch']);
    return eventsOf(engine, id);
  });

const listing: Story = (engine) =>
  withContainer(engine, async (id, name) => {
    const account: Account = [];
    const look = async (query: string): Promise<void> => {
      const list = (await call<Listed[]>(engine.socketPath, 'GET', `/containers/json${query}`)).json;
      const entry = list.find(({ Id }) => Id === id);
      account.push(
        entry && [
          entry.Names.map((text) => plain(text, { [name]: 'NAME' })),
          entry.Labels,
          entry.State,
          entry.Image,
        ],
      );
    };
    const byLabel = (text: string): string =>
      `?filters=${encodeURIComponent(JSON.stringify({ label: [text] }))}`;
    await look('');
    await look(byLabel('story=yes'));
    await look(byLabel('story=no'));
    await look(byLabel('story'));
    await call(engine.socketPath, 'POST', `/containers/${id}/pause`);
    await look('');
    await call(engine.socketPath, 'POST', `/containers/${id}/unpause`);
    await call(engine.socketPath, 'POST', `/containers/${id}/stop?t=0`);
    await look('');
    await look('?all=1');
    await look(`?filters=${encodeURIComponent('{"status":{"exited":true}}')}`);
    return account;
  });

const deathOfContainer: Story = (engine) =>
  withContainer(engine, async (id) => {
    const begin = async (): Promise<{ exec: string; ended: Promise<Buffer> }> => {
      const exec = (
        await call(engine.socketPath, 'POST', `/containers/${id}/exec`, {
          ...ATTACH,
          Cmd: ['sh', '-c', 'echo ready; sleep 600'],
        })
      ).json.Id;
      const stream = await open(engine.socketPath, 'POST', `/exec/${exec}/start`, { Detach: false });
      // Not before it really runs: an engine answers a start while the process is still being made.
      await once(stream, 'data');
      return { exec, ended: readAll(stream) };
    };
    const one = await begin();
    await call(engine.socketPath, 'POST', `/containers/${id}/kill`);
    await one.ended;
    const killed = await untilEnded(engine, one.exec);
    await untilState(engine, id, 'exited');
    await call(engine.socketPath, 'POST', `/containers/${id}/start`);
    const two = await begin();
    await call(engine.socketPath, 'DELETE', `/containers/${id}?force=1`);
    await two.ended;
    const removed = await call(engine.socketPath, 'GET', `/exec/${two.exec}/json`);
    const events = ((await eventsOf(engine, id)) as [string, string][]).map(([action, code]) =>
      `${action} ${code ?? ''}`.trim(),
    );
    // Whether the end of an exec or of its container is told first is a race inside the real engine.
    const ends = new Set(events.filter((line) => line.startsWith('exec_die')));
    return [killed.ExitCode, removed.status, events.filter((line) => !ends.has(line)), [...ends]];
  });

const hijackedStart: Story = (engine) =>
  withContainer(engine, async (id) => {
    const exec = (
      await call(engine.socketPath, 'POST', `/containers/${id}/exec`, { ...ATTACH, Cmd: ['echo', 'raw'] })
    ).json.Id;
    const body = JSON.stringify({ Detach: false, Tty: false });
    const socket = connect(engine.socketPath);
    socket.write(
      `POST /v1.41/exec/${exec}/start HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const bytes = await readAll(socket);
    const split = bytes.indexOf('\r\n\r\n');
    const [status, ...headers] = bytes.subarray(0, split).toString().split('\r\n');
    const wanted = headers.filter((line) => /^(content-type|connection|upgrade):/i.test(line)).sort();
    return [status, wanted, demultiplex(bytes.subarray(split + 4)).stdout];
  });

const readerLeaves: Story = (engine) =>
  withContainer(engine, async (id) => {
    const account: Account = [];
    for (const script of ['sleep 1; exit 3', 'sleep 1; echo late; exit 3']) {
      const exec = (
        await call(engine.socketPath, 'POST', `/containers/${id}/exec`, {
          ...ATTACH,
          Cmd: ['sh', '-c', script],
        })
      ).json.Id;
      (await open(engine.socketPath, 'POST', `/exec/${exec}/start`, { Detach: false })).destroy();
      account.push([script, (await untilEnded(engine, exec)).ExitCode]);
    }
    return account;
  });

export const STORIES: Readonly<Record<string, Story>> = {
  'execs of many kinds': execs,
  'everything that is refused': refusals,
  'an exec that is started twice': secondStart,
  'a pause between create and start': pausedBetween,
  'the life of a container, in events': lifeInEvents,
  'lists along the life of a container': listing,
  'the death of a container under its execs': deathOfContainer,
  'a hijacked start': hijackedStart,
  'a reader that leaves': readerLeaves,
};
