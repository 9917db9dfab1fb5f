/** Page, API and metrics: on the owner's socket, and over HTTP where that is asked for. Loaded only if one is wanted. */
import { createApi } from './api/api.ts';
import type { Access } from './api/guard.ts';
import { type Listener, listenOnHttp, listenOnSocket } from './api/listen.ts';
import { loadPage } from './api/page.ts';
import type { ApiParts } from './api/parts.ts';
import type { Config } from './configuration.ts';
import type { ProcessReport } from './process-report.ts';

/** Begins to listen; what can't be had is told as a warning and left out, for the schedule does not need it. */
export async function serve(
  config: Pick<Config, 'controlSocket' | 'http'>,
  parts: ApiParts,
  say: (report: ProcessReport) => void,
): Promise<readonly Listener[]> {
  const page = await loadPage();
  const listeners: Listener[] = [];
  const listen = async (
    where: string,
    access: Access,
    open: (api: ReturnType<typeof createApi>) => Promise<Listener>,
  ) => {
    try {
      const listener = await open(createApi(parts, access, page));
      listeners.push(listener);
      say({ kind: 'listening', where: listener.address });
    } catch (error) {
      const message = `can't listen on ${where}: ${(error as Error).message}`;
      say({ kind: 'warning', source: 'api', message });
    }
  };
  const { controlSocket, http } = config;
  if (controlSocket !== undefined) {
    await listen(controlSocket, { kind: 'owner' }, (api) => listenOnSocket(api, controlSocket));
  }
  if (http !== undefined) {
    const { host, port, token } = http;
    await listen(`${host}:${port}`, { kind: 'http', host, token }, (api) => listenOnHttp(api, host, port));
  }
  return listeners;
}
