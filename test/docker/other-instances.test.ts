/** Who gives way to whom when two instances meet on one engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InspectedInstance, ListedContainer } from '../../src/docker/answers.ts';
import type { Engine } from '../../src/docker/engine.ts';
import {
  lookForOthers,
  type OtherInstance,
  ownContainer,
  type Self,
} from '../../src/docker/other-instances.ts';
import type { ContainerId, ImageId } from '../../src/ids.ts';
import { scriptedEngine } from './watching.ts';

const OWN = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const EARLY = '2026-11-26T10:00:00.000000001Z';
const LATE = '2026-11-26T11:00:00.5Z';

type Change = Partial<InspectedInstance> & { readonly id?: string; readonly title?: string };

const running: InspectedInstance = {
  running: true,
  startedAt: EARLY,
  hostname: 'elsewhere',
  words: ['node', '/app/dist/src/main.js', 'run'],
  variables: {},
};
const outside: Self = { container: undefined, hostname: 'host', namespace: 'deck-chores' };
const inside: Self = { ...outside, container: OWN };
const own: Change = { id: OWN, startedAt: LATE };

interface Meeting {
  readonly gaveWay: OtherInstance | undefined;
  readonly inspections: number;
  readonly listed: number;
}

/** What a first list with these containers leads to. */
async function meet(self: Self, containers: readonly Change[]): Promise<Meeting> {
  const all = new Map(containers.map((change) => [change.id ?? OTHER, { ...running, ...change }]));
  let inspections = 0;
  let listed = 0;
  const bare: Engine = {
    ...scriptedEngine(),
    list: async (onContainer) => {
      for (const [id, { title = 'chorewheel' }] of all) onContainer(entry(id, title));
      return { ok: true, value: undefined };
    },
    inspectInstance: async (id) => {
      inspections += 1;
      return { ok: true, value: all.get(id) ?? assert.fail() };
    },
  };
  let gaveWay: OtherInstance | undefined;
  await new Promise<void>((resolve) => {
    const engine = lookForOthers(bare, self, (other) => {
      gaveWay = other;
      resolve();
    });
    void engine
      .list(
        () => {
          listed += 1;
        },
        () => {},
      )
      .then(() => resolve());
  });
  return { gaveWay, inspections, listed };
}

function entry(id: string, title: string): ListedContainer {
  return {
    id: id as ContainerId,
    name: id.slice(0, 1),
    state: 'running',
    image: 'chorewheel',
    imageId: 'sha256:1' as ImageId,
    labels: { 'org.opencontainers.image.title': title },
  };
}

const cases: readonly (readonly [
  given: string,
  self: Self,
  containers: readonly Change[],
  givesWay: boolean,
])[] = [
  ['a process meets a container of the same namespace', outside, [{}], true],
  ['a container meets one that started earlier', inside, [own, {}], true],
  [
    'a container meets one that started later',
    inside,
    [{ ...own, startedAt: EARLY }, { startedAt: LATE }],
    false,
  ],
  ['a container is alone', inside, [own], false],
  [
    'a container that knows itself by its host name is alone',
    { ...outside, hostname: OWN.slice(0, 12) },
    [own],
    false,
  ],
  [
    'a container with a host name of its own is alone',
    { ...outside, hostname: 'chores' },
    [{ hostname: 'chores' }],
    false,
  ],
  ['the other has another namespace', outside, [{ variables: { LABEL_NAMESPACE: 'other' } }], false],
  [
    'both have a namespace of their own',
    { ...outside, namespace: 'mine' },
    [{ variables: { LABEL_NAMESPACE: 'mine' } }],
    true,
  ],
  ['the other watches another engine', outside, [{ variables: { DOCKER_HOST: 'tcp://far:2375' } }], false],
  [
    'the other uses a socket at another path',
    outside,
    [{ variables: { DOCKER_HOST: 'unix:///run/docker.sock' } }],
    true,
  ],
  ['the other has ended', outside, [{ running: false }], false],
  [
    'the other is a command that looks at something',
    outside,
    [{ words: ['node', 'main.js', 'jobs'] }],
    false,
  ],
  ['the other is of another image', outside, [{ title: 'something' }], false],
];

for (const [given, self, containers, givesWay] of cases) {
  test(`${given}: ${givesWay ? 'this one gives way' : 'it goes on'}`, async () => {
    const { gaveWay } = await meet(self, containers);
    assert.deepEqual(gaveWay, givesWay ? { name: 'b', startedAt: EARLY } : undefined);
  });
}

test('of two that started at the same moment exactly one gives way', async () => {
  const both = [{ id: OWN }, { id: OTHER }];
  const one = await meet(inside, both);
  const other = await meet({ ...inside, container: OTHER }, both);
  assert.deepEqual([one.gaveWay, other.gaveWay?.name], [undefined, 'a']);
});

test('thousands that call themselves chorewheel cost few inspections', async () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({ id: `${index}`, words: ['sh'] }));
  const { inspections, listed } = await meet(outside, many);
  assert.deepEqual([inspections, listed], [16, 3000]);
});

test('the kernel tells in which container this is, and not which ones others have', () => {
  const line = (root: string, point: string): string =>
    `900 800 254:1 ${root} ${point} rw,relatime - ext4 /dev/vda1 rw`;
  const cases = [
    [line(`/var/lib/docker/containers/${OWN}/resolv.conf`, '/etc/resolv.conf'), OWN],
    [line(`/containers/storage/overlay-containers/${OWN}/userdata/hosts`, '/etc/hosts'), OWN],
    [line('/', `/var/lib/docker/containers/${OTHER}/mounts/shm`), undefined],
    ['', undefined],
  ] as const;
  for (const [mounts, id] of cases) assert.equal(ownContainer(`1 2 3 / / rw\n${mounts}\n`), id);
});
