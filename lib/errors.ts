/** gRPC status numbers, by their names in the specification. */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type GrpcStatus = (typeof GrpcStatus)[keyof typeof GrpcStatus];

/** Everything a caller may meet and act on. The code is stable API; the text is for people. */
const grpcStatusOf = {
  INVALID_ARGUMENT: GrpcStatus.INVALID_ARGUMENT,
  INVALID_SPEC: GrpcStatus.INVALID_ARGUMENT,
  INVALID_TOKEN: GrpcStatus.PERMISSION_DENIED,
  WRONG_CA_DIGEST: GrpcStatus.PERMISSION_DENIED,
  UNAUTHENTICATED: GrpcStatus.UNAUTHENTICATED,
  PERMISSION_DENIED: GrpcStatus.PERMISSION_DENIED,
  NOT_FOUND: GrpcStatus.NOT_FOUND,
  AMBIGUOUS_NAME: GrpcStatus.INVALID_ARGUMENT,
  ALREADY_EXISTS: GrpcStatus.ALREADY_EXISTS,
  STALE_VERSION: GrpcStatus.ABORTED,
  VERSION_COMPACTED: GrpcStatus.OUT_OF_RANGE,
  VERSION_UNKNOWN: GrpcStatus.OUT_OF_RANGE,
  IN_USE: GrpcStatus.FAILED_PRECONDITION,
  FAILED_PRECONDITION: GrpcStatus.FAILED_PRECONDITION,
  NOT_IN_CLUSTER: GrpcStatus.FAILED_PRECONDITION,
  ALREADY_IN_CLUSTER: GrpcStatus.FAILED_PRECONDITION,
  NOT_MANAGER: GrpcStatus.FAILED_PRECONDITION,
  QUORUM_AT_RISK: GrpcStatus.FAILED_PRECONDITION,
  NOT_LEADER: GrpcStatus.UNAVAILABLE,
  NO_LEADER: GrpcStatus.UNAVAILABLE,
  UNAVAILABLE: GrpcStatus.UNAVAILABLE,
  OUTCOME_UNKNOWN: GrpcStatus.DEADLINE_EXCEEDED,
  DEADLINE_EXCEEDED: GrpcStatus.DEADLINE_EXCEEDED,
  CANCELLED: GrpcStatus.CANCELLED,
  LIMIT_EXCEEDED: GrpcStatus.RESOURCE_EXHAUSTED,
  UNIMPLEMENTED: GrpcStatus.UNIMPLEMENTED,
  DATA_LOSS: GrpcStatus.DATA_LOSS,
  DISK_FAILED: GrpcStatus.UNAVAILABLE,
  LOCKED: GrpcStatus.FAILED_PRECONDITION,
  INVALID_KEY: GrpcStatus.PERMISSION_DENIED,
  INTERNAL: GrpcStatus.INTERNAL,
  IMAGE_NOT_FOUND: GrpcStatus.NOT_FOUND,
  IMAGE_INVALID: GrpcStatus.INVALID_ARGUMENT,
  REGISTRY_UNAUTHORIZED: GrpcStatus.PERMISSION_DENIED,
  REGISTRY_UNAVAILABLE: GrpcStatus.UNAVAILABLE,
  RUNTIME_ERROR: GrpcStatus.INTERNAL,
  RUNTIME_UNAVAILABLE: GrpcStatus.UNAVAILABLE,
} as const satisfies Record<string, GrpcStatus>;

export type ErrorCode = keyof typeof grpcStatusOf;

export interface ClusterErrorOptions {
  /** Machine-readable facts: ids, limits, the value that was refused. Never a secret. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * An expected failure. `message` is one line: what is wrong, where, and what to do.
 * Match on `code`, never on the text.
 */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: ClusterErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get grpcStatus(): GrpcStatus {
    return grpcStatusOf[this.code];
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(grpcStatusOf, text);
}

export function hasCode(error: unknown, code: ErrorCode): error is ClusterError {
  return error instanceof ClusterError && error.code === code;
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
