/** One packet to be answered. */
export interface Ping {
  /** Undefined = the host chooses. */
  readonly from: string | undefined;
  readonly to: string;
  /** Whole IP packet, bytes; never cut in two on its way. */
  readonly packetBytes: number;
}

export interface Connect {
  readonly from: string;
  readonly to: string;
}

export interface VxlanDevice {
  readonly name: string;
  readonly vni: number;
  readonly port: number;
}

export interface Uplink {
  readonly device: string;
  readonly mtu: number;
}

export interface HostLinks {
  /** By address of this host. */
  readonly uplinks: ReadonlyMap<string, Uplink>;
  readonly vxlans: readonly VxlanDevice[];
  /** MTU by device. */
  readonly mtus: ReadonlyMap<string, number>;
}

/** A process that has a socket. */
export interface SocketOwner {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** As `ss` tells it: program and process number; empty = the kernel, or not to be seen. */
  readonly owner: string;
}

/** `undefined`: nobody answered in time; an answer without addresses is an empty list. */
export type NameAnswer = readonly string[] | undefined;

/** What an examination needs of its host, as a port. */
export interface DoctorHost {
  /** In order: whether each was answered within a second. Many at once. */
  ping(pings: readonly Ping[], signal: AbortSignal): Promise<readonly boolean[]>;
  /** In order: whether TCP had an answer within 3 s, be it that nobody listens. Many at once. */
  connect(connects: readonly Connect[], signal: AbortSignal): Promise<readonly boolean[]>;
  links(): Promise<HostLinks>;
  /** Whether the kernel has IPv6, and it is not switched off; now. */
  hasIpv6(): boolean;
  /** What is listened on. */
  sockets(): Promise<readonly SocketOwner[]>;
  /** IPv4 addresses of a name, asked of this server; up to 2 s. */
  lookUp(server: string, name: string): Promise<NameAnswer>;
  /** Whether this server answers anything at all; up to 4 s. */
  answersNames(server: string): Promise<boolean>;
  /** The name servers of the host itself, without those in `except`. */
  resolvers(except: ReadonlySet<string>): Promise<readonly string[]>;
}
