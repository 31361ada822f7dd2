/** A terminal, a clock and a daemon for tests of `tsctl`: what is printed and what is asked is kept. */
import { join } from 'node:path';
import type { Clock } from '#lib';
import { ClusterError } from '#lib';
import type { Method } from '#proto';
import type { Cli } from '#cli/cli';
import type { Connection } from '#cli/connection';
import type { Context, ContextStore } from '#cli/contexts-node';
import { runProgram } from '#cli/program';

type AnyMethod = Method<never, never>;
type Answer = (request: never) => unknown;

/** A daemon that answers with functions; a stream's function gives all of them. */
export class FakeDaemon {
  readonly requests: { readonly path: string; readonly request: unknown }[] = [];
  readonly #answers = new Map<string, Answer>();

  on<Request, Response>(
    method: Method<Request, Response>,
    answer: (request: Request) => Response | Iterable<Response>,
  ): this {
    this.#answers.set(method.path, answer as Answer);
    return this;
  }

  connection(): Connection {
    const ask = (method: AnyMethod, request: unknown): unknown => {
      this.requests.push({ path: method.path, request });
      const answer = this.#answers.get(method.path);
      if (answer === undefined)
        throw new ClusterError('UNIMPLEMENTED', `${method.path}: no answer`);
      return answer(request as never);
    };
    return {
      target: { host: 'unix:///run/tessera/tessera.sock' },
      call: async (method, request) =>
        ask(method as unknown as AnyMethod, method.request.create(request)) as never,
      stream: async function* (method, request) {
        yield* ask(method as unknown as AnyMethod, method.request.create(request)) as never[];
      },
      exchange: async function* (method, requests) {
        const sent: unknown[] = [];
        for await (const request of requests) sent.push(request);
        yield* ask(method as unknown as AnyMethod, sent) as never[];
      },
      close: () => undefined,
    };
  }
}

/** Time that moves as fast as it is waited for. */
function fastClock(): Clock {
  let nowMs = 1_800_000_000_000;
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    after: (delayMs, fn) => {
      let isCancelled = false;
      setImmediate(() => {
        nowMs += delayMs;
        if (!isCancelled) fn();
      });
      return {
        cancel: () => {
          isCancelled = true;
        },
      };
    },
  };
}

function memoryContexts(): ContextStore {
  const contexts = new Map<string, Context>([
    ['default', { name: 'default', host: 'unix:///run/tessera/tessera.sock' }],
  ]);
  let current = 'default';
  return {
    list: () => [...contexts.values()],
    get: (name) => {
      const found = contexts.get(name);
      if (found === undefined) throw new ClusterError('NOT_FOUND', `context ${name} not found`);
      return found;
    },
    currentName: () => current,
    use: (name) => {
      current = name;
    },
    save: (context) => void contexts.set(context.name, context),
    remove: (name) => void contexts.delete(name),
  };
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface FakeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly isTty?: boolean;
  /** What is given where a secret is asked for. */
  readonly secret?: string;
  /** Ctrl-C. */
  readonly signal?: AbortSignal;
}

/** Runs one command line of `tsctl` against the daemon. */
export async function tsctl(
  daemon: FakeDaemon,
  args: readonly string[],
  options: FakeOptions = {},
): Promise<Outcome> {
  let out = '';
  let err = '';
  let exitCode = 0;
  const clock = fastClock();
  const cli: Cli = {
    terminal: {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      isTty: options.isTty ?? false,
      columns: 80,
      hasColour: false,
    },
    clock,
    signal: options.signal ?? new AbortController().signal,
    contexts: memoryContexts(),
    installDir: join(import.meta.dirname, '../..'),
    labRoot: '/nonexistent/labs',
    env: options.env ?? {},
    readSecret: (prompt) => {
      err += prompt;
      return Promise.resolve(options.secret ?? '');
    },
    connect: () => Promise.resolve(daemon.connection()),
    connectTo: () => Promise.resolve(daemon.connection()),
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  const code = await runProgram(args, () => cli, cli.terminal);
  return { code: code === 0 ? exitCode : code, out, err };
}

/** The moment at which the fake clock starts. */
export const startMs = 1_800_000_000_000;
