/** Reading labels: what a container costs that was never seen, one like others, and one without any job. */
import type { LabelSettings } from '../src/configuration.ts';
import { parseContainerLabels } from '../src/labels/container.ts';
import { defaultLabelSettings } from './core.ts';
import { type BenchRow, consume, type Scenario } from './harness.ts';

type Labels = Readonly<Record<string, string>>;

const PLAIN: Labels = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'web',
  'com.docker.compose.container-number': '1',
  'org.opencontainers.image.title': 'web',
};

/** Two jobs, one of them with many attributes; `index` makes each text of its kind the only one. */
function distinct(index: number): Labels {
  return {
    ...PLAIN,
    'com.docker.compose.service': `service${index}`,
    'deck-chores.backup.command': `backup --number ${index}`,
    'deck-chores.backup.cron': `${index % 24} ${index % 60} ${(index >> 4) % 60}`,
    'deck-chores.backup.user': `user${index}`,
    'deck-chores.backup.env.TARGET': `/backup/${index}`,
    'deck-chores.tidy.command': 'tidy',
    'deck-chores.tidy.interval': `${index + 1}s`,
  };
}

const FEW = Array.from({ length: 100 }, (_, index) => distinct(index));

/** A misspelt attribute, an impossible time and a namespace that is almost ours. */
function mistaken(index: number): Labels {
  return {
    'deck-chores.backup.comand': `backup ${index}`,
    'deck-chores.backup.cron': '25 0 0',
    'deckchores.tidy.command': 'tidy',
  };
}

function microseconds(settings: LabelSettings, sets: readonly Labels[]): number {
  const startedAt = performance.now();
  for (const labels of sets) consume(parseContainerLabels(labels, undefined, settings));
  return ((performance.now() - startedAt) * 1000) / sets.length;
}

const scenario: Scenario = {
  name: 'labels',
  title: 'Reading labels',
  about: 'Time for one container, on warm code; distinct sets have ten labels and two jobs.',
  async run({ short }) {
    const settings = defaultLabelSettings();
    const count = short ? 500 : 20_000;
    const kinds: Readonly<Record<string, (index: number) => Labels>> = {
      'each set distinct': (index) => distinct(index + 1_000_000),
      'one of 100 sets': (index) => FEW[index % FEW.length] ?? PLAIN,
      'no label of ours': () => PLAIN,
      'three mistakes': mistaken,
    };
    microseconds(
      settings,
      Array.from({ length: count }, (_, index) => distinct(index)),
    );
    return Object.entries(kinds).map(([measure, make]): BenchRow => {
      const sets = Array.from({ length: count }, (_, index) => make(index));
      return { measure, value: microseconds(settings, sets), unit: 'µs', better: 'lower' };
    });
  },
};
export default scenario;
