/** What dockerd says of its containers, asked on its socket: no program is started for a look. */
import { request } from 'node:http';

function get(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: 60_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${path}: status ${response.statusCode}: ${text}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`${path}: no answer`)));
    call.on('error', reject);
    call.end();
  });
}

/** All that match, whatever their state. */
async function list(
  socketPath: string,
  path: string,
  filters: Readonly<Record<string, readonly string[]>>,
): Promise<readonly unknown[]> {
  const query = new URLSearchParams({ all: '1', filters: JSON.stringify(filters) });
  return (await get(socketPath, `${path}?${query.toString()}`)) as readonly unknown[];
}

/** Containers that dockerd has of the service, running or not. */
export async function containersOf(socketPath: string, service: string): Promise<number> {
  return (await list(socketPath, '/containers/json', { name: [`^/${service}\\.`] })).length;
}

/** Tasks of the service that run, as the swarm tells it. */
export async function runningTasksOf(socketPath: string, service: string): Promise<number> {
  const wanted = { service: [service], 'desired-state': ['running'] };
  const tasks = await list(socketPath, '/tasks', wanted);
  return tasks.filter((task) => (task as SwarmTask).Status?.State === 'running').length;
}

interface SwarmTask {
  readonly Status?: { readonly State?: string };
}
