/**
 * The agent's line to the managers as a port, so that the simulator can cut it. Real: a
 * connection (`session-node.ts`).
 */
import type { AgentMessage, ManagerMessage, WorkDown, WorkUp } from '#proto';

export interface SessionLink {
  /** Never blocks; a line that is down drops and reports `onClose`. */
  send(message: AgentMessage): void;
  close(): void;
}

export interface SessionHandlers {
  onMessage(message: ManagerMessage): void;
  /** Once, whichever side ended it; nothing comes after. */
  onClose(error: unknown): void;
}

/** A stream for one piece of work the manager asked for. */
export interface WorkLink {
  /** Resolves when the line can take more. */
  send(message: WorkUp): Promise<void>;
  /** What the manager sends, in order. */
  readonly incoming: AsyncIterable<WorkDown>;
  close(): void;
}

export interface ManagerLine {
  /** Opens a session with the leader if it can be found among the known managers. */
  openSession(handlers: SessionHandlers): SessionLink;
  /** To the same manager as the open session. */
  openWork(signal: AbortSignal): WorkLink;
}
