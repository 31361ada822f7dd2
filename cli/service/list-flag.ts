import type { ServiceSpec } from '#proto';

/** The environment of this process. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface ListFlag {
  /** Of `create`; `update` adds -add and -rm to the long name. */
  readonly flag: string;
  readonly value: string;
  readonly help: string;
  /** What -rm takes. */
  readonly key: string;
  readonly add: (
    spec: ServiceSpec,
    texts: readonly string[],
    flag: string,
    env: Env,
  ) => ServiceSpec;
  /** Removing what is not there is no error. */
  readonly remove: (spec: ServiceSpec, texts: readonly string[], flag: string) => ServiceSpec;
}
