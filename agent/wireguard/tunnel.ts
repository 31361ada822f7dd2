/** How packets of encrypted networks leave this host, as the overlay sees it. */
export interface Tunnel {
  /** They leave from this address. */
  readonly address: string;
  /** Why they do not; empty = they do. */
  readonly problem: string;
  /** Called after any of it has changed. */
  onChange(listener: () => void): void;
}

/** Of a host that takes part in no encrypted network. */
export const noTunnel: Tunnel = {
  address: '',
  problem: 'this node does not do it',
  onChange: () => undefined,
};
