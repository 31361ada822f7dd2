/** Finds out what passes between this node and others, in rounds that ask many at once. */
import { NetworkProbeFailure, NetworkProbeFailureKind } from '#proto';
import type { DoctorHost, Ping } from './doctor-host.ts';
import type { Target } from './targets.ts';

/** A target with the MTU of its network. */
export interface Way extends Target {
  readonly mtu: number;
}

export interface WayFailure {
  readonly way: Way;
  readonly failure: NetworkProbeFailure;
}

const smallBytes = 100;
/** The least that the search looks at: IPv4 lives with less, our networks do not. */
const searchFromBytes = 576;
/** Sizes asked at once for each way whose size is measured. */
const sizesAtOnce = 16;
/** Ways whose size is measured; it is one device's fault as a rule. */
const measuredMax = 8;

/**
 * Every way that does not pass as it should. Where a packet of full size is lost, a small one is tried twice, and where that
 * passes the full size twice more.
 */
export async function findFailures(
  host: DoctorHost,
  ways: readonly Way[],
  signal: AbortSignal,
): Promise<readonly WayFailure[]> {
  const whole = await unanswered(host, ways, ({ mtu }) => mtu, 1, signal);
  const mute = new Set(await unanswered(host, whole, () => smallBytes, 2, signal));
  // Those that were slow have had their time by now.
  const cut = await unanswered(
    host,
    whole.filter((way) => !mute.has(way)),
    ({ mtu }) => mtu,
    2,
    signal,
  );
  const isCut = new Set(cut);
  const passing = ways.filter((way) => !mute.has(way) && !isCut.has(way));
  const [uplinks, sizes, connected] = await Promise.all([
    answeringUplinks(host, [...mute], signal),
    measure(host, cut.slice(0, measuredMax), signal),
    host.connect(passing, signal),
  ]);
  const fail = (way: Way, more: Partial<NetworkProbeFailure>): WayFailure => {
    const { nodeId, to: address, dataPathAddress } = way;
    const own = { nodeId, address, dataPathAddress };
    return { way, failure: NetworkProbeFailure.create({ ...own, ...more }) };
  };
  return [
    ...[...mute].map((way) =>
      fail(way, {
        kind: NetworkProbeFailureKind.UNREACHABLE,
        isUplinkAnswering: uplinks.has(way.dataPathAddress),
      }),
    ),
    ...cut.map((way) =>
      fail(way, { kind: NetworkProbeFailureKind.MTU, passesBytes: sizes.get(way) ?? 0 }),
    ),
    ...passing
      .filter((_, i) => connected[i] !== true)
      .map((way) => fail(way, { kind: NetworkProbeFailureKind.CHECKSUM })),
  ];
}

async function unanswered(
  host: DoctorHost,
  ways: readonly Way[],
  sizeOf: (way: Way) => number,
  tries: number,
  signal: AbortSignal,
): Promise<readonly Way[]> {
  let left = ways;
  for (let i = 0; i < tries && left.length > 0; i++) {
    const pings = left.map((way): Ping => ({ ...way, packetBytes: sizeOf(way) }));
    const answered = await host.ping(pings, signal);
    left = left.filter((_, n) => answered[n] !== true);
  }
  return left;
}

/** Data-path addresses that answer outside the overlay. */
async function answeringUplinks(
  host: DoctorHost,
  mute: readonly Way[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const addresses = [...new Set(mute.map(({ dataPathAddress }) => dataPathAddress))];
  const pings = addresses.map((to): Ping => ({ from: undefined, to, packetBytes: smallBytes }));
  const answered = await host.ping(pings, signal);
  return new Set(addresses.filter((_, i) => answered[i] === true));
}

/** The largest packet of each way that passes, to the byte: the range shrinks by 17 each round. */
async function measure(
  host: DoctorHost,
  ways: readonly Way[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Way, number>> {
  const ranges = ways.map((way) => ({ way, low: searchFromBytes, high: way.mtu - 1 }));
  for (;;) {
    const asked = ranges.flatMap((range) => sizesIn(range).map((size) => ({ range, size })));
    if (asked.length === 0) break;
    const pings = asked.map(({ range, size }): Ping => ({ ...range.way, packetBytes: size }));
    const answered = await host.ping(pings, signal);
    for (const range of ranges) {
      const sizes = asked.flatMap((one, i) =>
        one.range === range ? [{ size: one.size, isAnswered: answered[i] === true }] : [],
      );
      if (sizes.length === 0) continue;
      const passed = sizes.filter(({ isAnswered }) => isAnswered).map(({ size }) => size);
      const largest = Math.max(range.low - 1, ...passed);
      const stopped = sizes.map(({ size }) => size).find((size) => size > largest);
      if (stopped !== undefined) range.high = stopped - 1;
      range.low = largest + 1;
    }
  }
  return new Map(ranges.map(({ way, low }) => [way, low > searchFromBytes ? low - 1 : 0]));
}

/** Evenly spread over what is not known yet, ascending. */
function sizesIn({ low, high }: { readonly low: number; readonly high: number }): number[] {
  const count = Math.min(sizesAtOnce, high - low + 1);
  if (count <= 0) return [];
  const step = (high - low + 1) / count;
  return Array.from({ length: count }, (_, i) => Math.floor(low + i * step));
}
