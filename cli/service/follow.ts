/** Waits until a service is what its spec says, and shows how it gets there. Ctrl-C detaches. */
import { ClusterError, hasCode, messageOf, sleep } from '#lib';
import { ControlService } from '#proto';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection.ts';
import { Convergence } from './convergence.ts';
import type { ConvergenceView } from './convergence.ts';
import { listNodes } from './lookup.ts';
import { changedLines, progressLines } from './progress.ts';
import { wholeCommits } from './whole-commits.ts';

/** A service counts as converged when nothing moved for this long. */
const stableMs = 2_000;
/** Between two drawings. */
const drawPeriodMs = 100;
/** A lost connection (a manager went) is opened again this often before giving up. */
const reconnectMax = 60;
const reconnectDelayMs = 500;

export interface FollowOptions {
  readonly isQuiet: boolean;
  /** The user asked for a rollback: its end is what is waited for, not a failure. */
  readonly isRollback?: boolean;
}

interface Feed {
  changes: number;
  error: unknown;
}

/**
 * Rejects with FAILED_PRECONDITION when the service cannot get there: its update paused or was
 * rolled back, its tasks failed for good, it was removed.
 */
export async function followService(
  cli: Cli,
  connection: Connection,
  serviceId: string,
  options: FollowOptions,
): Promise<void> {
  const model = new Convergence(serviceId, { isRollback: options.isRollback === true });
  const feed: Feed = { changes: 0, error: undefined };
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, cli.signal]);
  const feeding = feedModel(cli, connection, serviceId, model, feed, signal);
  const display = makeDisplay(cli, options);
  try {
    await waitUntilStable(cli, model, feed, display);
  } catch (error) {
    if (!cli.signal.aborted) throw error;
    cli.terminal.out(
      `\nOperation continuing in background.\n` +
        `Use 'tsctl service ps ${serviceId}' to check progress.\n`,
    );
  } finally {
    stop.abort();
    await feeding;
  }
}

async function feedModel(
  cli: Cli,
  connection: Connection,
  serviceRef: string,
  model: Convergence,
  feed: Feed,
  signal: AbortSignal,
): Promise<void> {
  let fromVersion = 0;
  for (let tries = 0; tries < reconnectMax && !signal.aborted; tries++) {
    try {
      model.setNodes(await listNodes(connection, { signal }));
      const request = { serviceRef, fromVersion };
      const stream = connection.stream(ControlService.watch, request, signal);
      for await (const commit of wholeCommits(stream)) {
        model.apply(commit);
        fromVersion = commit.version;
        feed.changes++;
        tries = 0;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isTooOld(error)) {
        // The next stream begins with the present state, which replaces what is known.
        fromVersion = 0;
        continue;
      }
      if (isFinal(error) || tries === reconnectMax - 1) {
        feed.error = error;
        return;
      }
    }
    await sleep(cli.clock, reconnectDelayMs, signal).catch(() => undefined);
  }
}

const passing = new Set(['UNAVAILABLE', 'NO_LEADER', 'NOT_LEADER', 'LIMIT_EXCEEDED', 'CANCELLED']);
const isFinal = (error: unknown): boolean =>
  !(error instanceof ClusterError) || !passing.has(error.code);

const isTooOld = (error: unknown): boolean =>
  hasCode(error, 'VERSION_COMPACTED') || hasCode(error, 'VERSION_UNKNOWN');

async function waitUntilStable(
  cli: Cli,
  model: Convergence,
  feed: Feed,
  display: Display,
): Promise<void> {
  let settledAtMs: number | undefined;
  for (;;) {
    if (feed.error !== undefined) throw failed(model, feed.error);
    const view = model.view();
    if (feed.changes > 0) {
      if (!view.exists) throw new ClusterError('NOT_FOUND', 'the service was removed');
      const nowMs = cli.clock.monotonic();
      const isStill = view.isSettled || view.failure !== undefined;
      settledAtMs = isStill ? (settledAtMs ?? nowMs) : undefined;
      const leftMs = settledAtMs === undefined ? stableMs : stableMs - (nowMs - settledAtMs);
      display.show(view, settledAtMs === undefined || !view.isSettled ? undefined : leftMs);
      if (settledAtMs !== undefined && leftMs <= 0) {
        if (view.failure !== undefined)
          throw new ClusterError('FAILED_PRECONDITION', `service not converged: ${view.failure}`);
        return;
      }
    }
    await sleep(cli.clock, drawPeriodMs, cli.signal);
  }
}

function failed(model: Convergence, error: unknown): unknown {
  if (error instanceof ClusterError && error.code === 'NOT_FOUND' && !model.view().exists)
    return new ClusterError('NOT_FOUND', 'the service was removed', { cause: error });
  return error instanceof ClusterError ? error : new ClusterError('INTERNAL', messageOf(error));
}

interface Display {
  /** `leftMs`: all run, and are watched for this much longer. */
  show(view: ConvergenceView, leftMs: number | undefined): void;
}

function makeDisplay(cli: Cli, options: FollowOptions): Display {
  if (options.isQuiet) return { show: () => undefined };
  return cli.terminal.isTty ? liveDisplay(cli) : plainDisplay(cli);
}

function verifyLine(leftMs: number | undefined): string {
  if (leftMs === undefined) return '';
  return leftMs <= 0
    ? 'verify: Service converged'
    : `verify: Waiting ${Math.ceil(leftMs / 1000)} seconds to verify that tasks are stable...`;
}

/** Draws over its own lines. */
function liveDisplay(cli: Cli): Display {
  let drawn: readonly string[] = [];
  return {
    show: (view, leftMs) => {
      const verify = verifyLine(leftMs);
      const lines = progressLines(view, cli.terminal.columns - 1);
      const next = verify === '' ? lines : [...lines, verify];
      if (next.join('\n') === drawn.join('\n')) return;
      const up = drawn.length === 0 ? '' : `\u001b[${drawn.length}A`;
      const text = next.map((line) => `${line}\u001b[K\n`).join('');
      // Fewer lines than before: the rest of the screen is cleared.
      cli.terminal.out(`${up}${text}\u001b[J`);
      drawn = next;
    },
  };
}

function plainDisplay(cli: Cli): Display {
  let before: ConvergenceView | undefined;
  let saidVerify = '';
  return {
    show: (view, leftMs) => {
      for (const line of changedLines(before, view)) cli.terminal.out(`${line}\n`);
      before = view;
      const verify = verifyLine(leftMs);
      const isNews = leftMs !== undefined && (leftMs <= 0 || saidVerify === '');
      if (isNews && verify !== saidVerify) cli.terminal.out(`${verify}\n`);
      saidVerify = verify;
    },
  };
}
