/** What a command gets: the terminal, time, the way to the daemon. main.ts makes the real one. */
import type { Clock } from '#lib';
import type { Connection } from './connection.ts';
import type { ContextStore } from './contexts-node.ts';

export interface Terminal {
  /** Standard output; the text brings its own line ends. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  readonly isTty: boolean;
  /** Cells of a line; what is wider is not drawn over. */
  readonly columns: number;
  readonly hasColour: boolean;
}

export interface Cli {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly contexts: ContextStore;
  /** The folder that holds bin/tesserad. */
  readonly installDir: string;
  /** Where labs live. */
  readonly labRoot: string;
  /** What this process was started with; for --env NAME, which takes its value from here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * One line that must not be seen: from a terminal without echo, after `prompt` on standard error, else
   * the first line of standard input.
   */
  readSecret(prompt: string): Promise<string>;
  /** Opens (once) the connection that the global options and contexts choose. */
  connect(): Promise<Connection>;
  /** Opens a connection to another daemon. */
  connectTo(host: string): Promise<Connection>;
  /** What the process ends with when the command returns; 0 unless set. */
  setExitCode(code: number): void;
}

/** A wrong command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
