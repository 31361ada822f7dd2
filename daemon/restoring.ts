import type { SeedState } from '#manager';
import type { JoinTokens } from '#proto';
import type { NodeRecord } from './node-record.ts';
import type { TlsMaterial } from './peer-identity.ts';

/** What a host needs to be the only manager of a cluster that is made from a backup. */
export interface Restored {
  readonly record: NodeRecord;
  readonly material: TlsMaterial;
  readonly seed: SeedState;
  readonly tokens: JoinTokens | undefined;
  readonly notes: readonly string[];
}
