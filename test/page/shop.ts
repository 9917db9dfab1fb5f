/** A small shop on a simulated engine, the whole program watching it, and its page over HTTP. */
import type { TestContext } from 'node:test';
import type { ContainerSpec } from '../../bench/fleet/container.ts';
import { testFleet } from '../support/fleet.ts';
import { type Program, startProgram } from '../support/program.ts';

export const token = 'open-sesame';

/** Every job fires seldom, so that what runs is what a story starts. */
function labels(service: string, jobs: Readonly<Record<string, string>>): Record<string, string> {
  return {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': service,
    ...Object.fromEntries(Object.entries(jobs).map(([key, value]) => [`deck-chores.${key}`, value])),
  };
}

const containers: readonly ContainerSpec[] = [
  {
    name: 'shop-db-1',
    labels: labels('db', {
      'backup.command': 'echo all saved',
      'backup.cron': '* * * * * 3 30 0',
      'vacuum.command': 'exit 3',
      'vacuum.interval': '25 minutes',
    }),
  },
  {
    name: 'shop-web-1',
    labels: labels('web', {
      'talk.command': 'every 0.2 5000',
      'talk.crontab': '0 8 * * mon',
      'hostile.command': 'echo <img src=x onerror=alert(1)>',
      'hostile.interval': 'weekly',
    }),
  },
  { name: 'shop-sync-1', labels: labels('sync', { 'tidy.comand': 'tidy', 'tidy.interval': 'daily' }) },
];

export interface Shop {
  readonly program: Program;
  readonly url: string;
}

export async function openShop(
  t: Pick<TestContext, 'after'>,
  more: readonly ContainerSpec[] = [],
): Promise<Shop> {
  const fleet = await testFleet(t);
  for (const spec of [...containers, ...more]) fleet.add(spec);
  const program = await startProgram(t, `unix://${fleet.socketPath}`, {
    namespace: 'deck-chores',
    env: { HTTP_LISTEN: '127.0.0.1:0', HTTP_TOKEN: token, STOP_TIMEOUT: '0' },
  });
  const { where } = await program.record('listening', (line) => String(line.where).startsWith('127.'));
  return { program, url: `http://${where}/` };
}
