/**
 * Ports and basics without domain nouns: time, chance, ids, errors, log, small async tools.
 * Imports nothing of ours. Adapters to the machine stand in `*-node.ts` and are imported by
 * composition roots only.
 */
export { Alarm } from './alarm.ts';
export { assert, AssertionError, assertNever } from './assert.ts';
export { Bell, deferred, mapBounded, withDeadline } from './async.ts';
export type { Deferred } from './async.ts';
export { backoffMs } from './backoff.ts';
export type { BackoffOptions } from './backoff.ts';
export {
  bitsOf,
  cidrAt,
  cidrEnd,
  cidrHas,
  cidrSize,
  doCidrsOverlap,
  formatCidr,
  formatIpAddress,
  parseCidr,
  parseIpAddress,
} from './cidr.ts';
export type { Cidr, IpAddress, IpFamily } from './cidr.ts';
export { laterTurn, sleep } from './clock.ts';
export type { Clock, Ms, Timer } from './clock.ts';
export { ClusterError, GrpcStatus, hasCode, isErrorCode, messageOf } from './errors.ts';
export type { ClusterErrorOptions, ErrorCode } from './errors.ts';
export { newId, shortId } from './ids.ts';
export { limitedLogger } from './limited-log.ts';
export { silentLogger } from './log.ts';
export type { LogFields, Logger } from './log.ts';
export { durationBuckets, silentMetrics } from './metrics.ts';
export type { Counter, Gauge, Histogram, Labels, Metrics } from './metrics.ts';
export { Pacer } from './pacer.ts';
export type { PacerLimits } from './pacer.ts';
export { hash32, seededRandom } from './random.ts';
export type { Random } from './random.ts';
export { TurnQueue } from './turn-queue.ts';
