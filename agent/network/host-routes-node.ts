import { runCommand } from '../containerd/command-node.ts';
import { routesOf } from './host-routes.ts';

const deadlineMs = 5_000;

/** See `routesOf`. None where the host cannot say. */
export async function hostRoutes(): Promise<readonly string[]> {
  const show = async (family: '-4' | '-6'): Promise<string> => {
    const argv = ['ip', '-json', family, 'route', 'show', 'table', 'main'];
    const { stdout, exitCode } = await runCommand(argv, { deadlineMs });
    return exitCode === 0 ? stdout : '';
  };
  return routesOf(...(await Promise.all([show('-4'), show('-6')])));
}
