/** The problems of the containers that exist now; fed by what the watcher says. */
import type { WatcherEvent } from '../docker/engine-contract.ts';
import type { ContainerId } from '../ids.ts';
import type { Container } from '../scheduling/events.ts';
import type { ContainerProblem } from './parts.ts';

export interface ProblemBoard {
  observe(event: WatcherEvent): void;
  all(): Iterable<ContainerProblem>;
}

export function createProblemBoard(): ProblemBoard {
  const byContainer = new Map<ContainerId, readonly ContainerProblem[]>();
  const put = ({ id, name, definition }: Container): void => {
    if (definition.problems.length === 0) byContainer.delete(id);
    else {
      const tell = (problem: ContainerProblem['problem']) => ({
        container: id,
        containerName: name,
        problem,
      });
      byContainer.set(id, definition.problems.map(tell));
    }
  };
  return {
    observe(event) {
      if (event.kind === 'container') put(event.container);
      else if (event.kind === 'container gone') byContainer.delete(event.container);
      else if (event.kind === 'listed') {
        byContainer.clear();
        for (const container of event.containers) put(container);
      }
    },
    all: () => [...byContainer.values()].flat(),
  };
}
