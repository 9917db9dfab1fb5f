/** The engine's answers, in the fields that clients of a scheduler's kind read (and a few that they show). */
import type { FleetClock } from './clock.ts';
import { engineTime } from './clock.ts';
import { type FleetContainer, type FleetImage, isUp } from './container.ts';
import { type Filters, matchesLabels } from './events.ts';

export const API_VERSION = '1.41';
export const ENGINE_VERSION = '20.10.24+fleet';

export function versionAnswer(): object {
  return {
    Platform: { Name: 'chorewheel simulated engine' },
    Components: [{ Name: 'Engine', Version: ENGINE_VERSION, Details: { ApiVersion: API_VERSION } }],
    Version: ENGINE_VERSION,
    ApiVersion: API_VERSION,
    MinAPIVersion: '1.12',
    Os: 'linux',
    Arch: 'amd64',
    KernelVersion: '0.0.0-simulated',
  };
}

export function infoAnswer(id: string, containers: Iterable<FleetContainer>, images: number): object {
  const count = { created: 0, running: 0, paused: 0, exited: 0 };
  for (const container of containers) count[container.state] += 1;
  return {
    ID: id,
    Name: 'fleet',
    ServerVersion: ENGINE_VERSION,
    OperatingSystem: 'simulated',
    OSType: 'linux',
    Containers: count.created + count.running + count.paused + count.exited,
    ContainersRunning: count.running,
    ContainersPaused: count.paused,
    ContainersStopped: count.created + count.exited,
    Images: images,
    LiveRestoreEnabled: false,
    Swarm: { LocalNodeState: 'inactive' },
  };
}

/** JSON text of a container's entry in the list; remembered until the container changes. */
export function listEntry(container: FleetContainer, clock: FleetClock): string {
  container.listed ??= JSON.stringify({
    Id: container.id,
    Names: [`/${container.name}`],
    Image: container.imageName,
    ImageID: container.image.id,
    Command: container.command.join(' '),
    Created: engineTime(clock, container.createdNs).seconds,
    Ports: [],
    Labels: container.labels,
    State: container.state,
    Status: statusText(container),
    HostConfig: { NetworkMode: 'none' },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  });
  return container.listed;
}

function statusText(container: FleetContainer): string {
  switch (container.state) {
    case 'created':
      return 'Created';
    case 'running':
      return 'Up Less than a second';
    case 'paused':
      return 'Up Less than a second (Paused)';
    case 'exited':
      return `Exited (${container.exitCode}) Less than a second ago`;
  }
}

export function isListed(container: FleetContainer, all: boolean, filters: Filters): boolean {
  const status = filters.get('status');
  if (status === undefined && !all && !isUp(container)) return false;
  for (const [name, wanted] of filters) {
    if (name === 'status' && !wanted.includes(container.state)) return false;
    if (name === 'label' && !matchesLabels(wanted, container.labels)) return false;
    if (name === 'id' && !wanted.some((id) => container.id.startsWith(id))) return false;
    if (name === 'name' && !wanted.some((part) => container.name.includes(part))) return false;
  }
  return true;
}

export function inspectAnswer(container: FleetContainer, clock: FleetClock): object {
  const up = isUp(container);
  const iso = (ns: number): string => new Date(clock.epochMs + ns / 1e6).toISOString();
  return {
    Id: container.id,
    Created: iso(container.createdNs),
    Path: container.command[0] ?? '',
    Args: container.command.slice(1),
    State: {
      Status: container.state,
      Running: up,
      Paused: container.state === 'paused',
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: up ? 1 : 0,
      ExitCode: container.exitCode,
      Error: '',
      StartedAt: container.startedNs === 0 ? '0001-01-01T00:00:00Z' : iso(container.startedNs),
      FinishedAt: '0001-01-01T00:00:00Z',
    },
    Image: container.image.id,
    Name: `/${container.name}`,
    RestartCount: 0,
    Driver: 'overlay2',
    Platform: 'linux',
    ExecIDs: container.execs.size === 0 ? null : [...container.execs].map(({ id }) => id),
    HostConfig: {
      LogConfig: { Type: container.logType, Config: {} },
      NetworkMode: 'none',
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    },
    Config: {
      Hostname: container.id.slice(0, 12),
      User: '',
      Env: container.env.length === 0 ? null : container.env,
      Cmd: container.command,
      Image: container.imageName,
      WorkingDir: '',
      Labels: container.labels,
    },
  };
}

export function imageEntry(image: FleetImage): object {
  return {
    Containers: -1,
    Created: 0,
    Id: image.id,
    Labels: Object.keys(image.labels).length === 0 ? null : image.labels,
    ParentId: '',
    RepoDigests: null,
    RepoTags: [image.tag],
    SharedSize: -1,
    Size: 1,
    VirtualSize: 1,
  };
}

export function imageAnswer(image: FleetImage): object {
  const labels = Object.keys(image.labels).length === 0 ? null : image.labels;
  return {
    Id: image.id,
    RepoTags: [image.tag],
    RepoDigests: [],
    Architecture: 'amd64',
    Os: 'linux',
    Config: { User: '', Env: null, Cmd: null, WorkingDir: '', Labels: labels },
  };
}
