import type { ChangeLines } from './entries.ts';
import type { HostReading } from './read-back.ts';

/** The kernel's links, tables and rules as the overlay needs them, as a port. */
export interface OverlayHost {
  /** All that is there. Rejects with RUNTIME_ERROR when a tool fails. */
  read(): Promise<HostReading>;
  /** Every line, whichever fails; resolves to what the tools complained of, empty = nothing. */
  apply(lines: ChangeLines): Promise<string>;
}
