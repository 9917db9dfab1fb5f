/** What stories are told with: a container for their length, waiting, and accounts that can be compared. */
import { type Answer, call } from '../support/http.ts';

/** What a story needs to know of the engine it is told on. */
export interface StoryEngine {
  readonly socketPath: string;
  readonly image: string;
}

export type Account = unknown[];
export type Story = (engine: StoryEngine) => Promise<Account>;

export const ATTACH = { AttachStdout: true, AttachStderr: true };
let count = 0;

/** A container for the length of a story. */
export async function withContainer(
  engine: StoryEngine,
  body: (id: string, name: string) => Promise<Account>,
): Promise<Account> {
  count += 1;
  const name = `story-${process.pid}-${count}`;
  const created = await call(engine.socketPath, 'POST', `/containers/create?name=${name}`, {
    Image: engine.image,
    Cmd: ['tail', '-f', '/dev/null'],
    Labels: { story: 'yes' },
    HostConfig: { NetworkMode: 'none' },
  });
  const id = created.json.Id;
  try {
    await call(engine.socketPath, 'POST', `/containers/${id}/start`);
    return await body(id, name);
  } finally {
    await call(engine.socketPath, 'DELETE', `/containers/${id}?force=1`);
  }
}

/** Ids and names made comparable. */
export function plain(text: string, names: Readonly<Record<string, string>>): string {
  let result = text;
  for (const [id, word] of Object.entries(names)) result = result.replaceAll(id, word);
  return result.trim();
}

export async function untilState(engine: StoryEngine, id: string, state: string): Promise<void> {
  for (let round = 0; round < 600; round += 1) {
    const reply = await call<{ State: { Status: string } }>(
      engine.socketPath,
      'GET',
      `/containers/${id}/json`,
    );
    if (reply.json.State.Status === state) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the container did not become ${state}`);
}

/** The inspect answer of an exec, once it says that it no longer runs. */
export async function untilEnded(engine: StoryEngine, exec: string): Promise<Answer> {
  for (let round = 0; round < 600; round += 1) {
    const { json } = await call(engine.socketPath, 'GET', `/exec/${exec}/json`);
    if (!json.Running) return json;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the exec did not end');
}

/** Actions of a container's events since a moment; the exit code where one is told. */
export async function eventsOf(engine: StoryEngine, id: string): Promise<Account> {
  const filters = encodeURIComponent(JSON.stringify({ container: [id] }));
  const until = Math.floor(Date.now() / 1000);
  // Up to the next second, so that what happened in this one is in it.
  const reply = await call(engine.socketPath, 'GET', `/events?since=1&until=${until + 1}&filters=${filters}`);
  return reply.body
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as { Type: string; Action: string; Actor: { Attributes: Record<string, string> } },
    )
    .filter(({ Type }) => Type === 'container')
    .map(({ Action, Actor: { Attributes } }) => [
      Action.trim(),
      Attributes.exitCode,
      Attributes.signal,
      Object.keys(Attributes).sort(),
    ]);
}
