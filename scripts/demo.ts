/**
 * `make demo`: three hosts on this machine, an image, a service of three replicas, an HTTP answer from
 * each. The lab is removed at the end unless KEEP=1 is set. Exit code 1 when something did not work.
 */
import { must, node, project, requireNode, secondsSince } from './steps.ts';

const lab = 'demo';
// Whatever else is done with contexts meanwhile, the demo talks to its own lab.
process.env['TESSERA_CONTEXT'] = `lab-${lab}`;
const tsctl = `${project}/bin/tsctl`;
const shape = [
  ...['--name', 'web', '--replicas', '3'],
  ...['--publish', 'mode=host,published=8080,target=80'],
];

interface TaskJson {
  readonly nodeId?: string;
  readonly status: { readonly state: string };
}

interface NodeJson {
  readonly id: string;
  readonly description: { readonly hostname: string };
  readonly status: { readonly address: string };
}

/** Prints the command line as typed, then what it prints. */
async function show(...args: readonly string[]): Promise<string> {
  console.log(`\n$ tsctl ${args.join(' ')}`);
  return await must([tsctl, ...args], { onLine: (line) => console.log(line) });
}

async function json<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await must([tsctl, ...args, '--format', 'json'])) as T;
}

/** The answer of the replica on that address; a host may need a moment to forward its port. */
async function answerOf(address: string): Promise<string> {
  const endAt = performance.now() + 10_000;
  for (;;) {
    try {
      const response = await fetch(`http://${address}:8080/`, {
        signal: AbortSignal.timeout(2_000),
      });
      return (await response.text()).trim();
    } catch (error) {
      if (performance.now() > endAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function demo(): Promise<void> {
  await must([tsctl, 'lab', 'down', '--name', lab]);
  await must([node, 'scripts/make-image.ts']);
  await show('lab', 'up', '--name', lab, '--hosts', '3');
  await show('node', 'ls');
  await show('image', 'load', 'build/busybox.tar');
  await show('service', 'create', ...shape, 'web:latest');
  await show('service', 'ls');
  await show('service', 'ps', 'web');
  const nodes = new Map((await json<NodeJson[]>('node', 'ls')).map((one) => [one.id, one]));
  const tasks = (await json<TaskJson[]>('service', 'ps', 'web')).filter(
    ({ status }) => status.state === 'RUNNING',
  );
  const answers: string[] = [];
  console.log('');
  for (const { nodeId } of tasks) {
    const found = nodes.get(nodeId ?? '');
    const address = found?.status.address.replace(/:\d+$/, '') ?? '';
    const answer = await answerOf(address);
    answers.push(answer);
    console.log(`${found?.description.hostname} http://${address}:8080/ -> ${answer}`);
  }
  const hosts = new Set(tasks.map(({ nodeId }) => nodeId)).size;
  if (tasks.length !== 3 || hosts < 2 || new Set(answers).size !== 3)
    throw new Error(`${tasks.length} of 3 replicas run on ${hosts} hosts`);
}

requireNode();
const startedAt = performance.now();
const isKept = process.env['KEEP'] === '1';
try {
  await demo();
  console.log(`\ndemo: 3 nodes ready, web 3/3, each replica answered, ${secondsSince(startedAt)}`);
} catch (error) {
  console.error(`demo: failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  if (isKept)
    console.log(
      `demo: the lab stays: try 'bin/tsctl service scale web=2'; remove it with 'bin/tsctl lab down --name ${lab}'`,
    );
  else await show('lab', 'down', '--name', lab);
}
