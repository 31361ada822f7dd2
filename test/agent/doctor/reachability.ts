import test from 'ava';
import { NetworkProbeFailureKind } from '#proto';
import type { Connect, DoctorHost, Ping } from '#agent/doctor/doctor-host';
import { findFailures } from '#agent/doctor/reachability';
import type { Way } from '#agent/doctor/reachability';

const { UNREACHABLE, MTU, CHECKSUM } = NetworkProbeFailureKind;
const signal = new AbortController().signal;

const way = (last: number, mtu = 1_450): Way => ({
  networkId: 'front',
  nodeId: `n${last}`,
  from: '10.0.0.1',
  to: `10.0.0.${last}`,
  dataPathAddress: `192.0.2.${last}`,
  mtu,
});

/** Answers pings up to so many bytes by address; what is not named answers everything. */
class Wires implements Pick<DoctorHost, 'ping' | 'connect'> {
  readonly largest: Readonly<Record<string, number>>;
  readonly mute: ReadonlySet<string>;
  /** By address: pings that are lost before the first is answered. */
  readonly lost: Map<string, number>;
  rounds = 0;

  constructor(
    largest: Readonly<Record<string, number>> = {},
    mute: readonly string[] = [],
    lost: Readonly<Record<string, number>> = {},
  ) {
    this.largest = largest;
    this.mute = new Set(mute);
    this.lost = new Map(Object.entries(lost));
  }

  ping(pings: readonly Ping[]): Promise<readonly boolean[]> {
    if (pings.length > 0) this.rounds++;
    return Promise.resolve(
      pings.map(({ to, packetBytes }) => {
        const lost = this.lost.get(to) ?? 0;
        this.lost.set(to, lost - 1);
        return lost <= 0 && packetBytes <= (this.largest[to] ?? Infinity);
      }),
    );
  }

  connect(connects: readonly Connect[]): Promise<readonly boolean[]> {
    return Promise.resolve(connects.map(({ to }) => !this.mute.has(to)));
  }
}

const find = async (wires: Wires, ways: readonly Way[]) =>
  (await findFailures(wires as Partial<DoctorHost> as DoctorHost, ways, signal)).map(
    ({ failure }) => failure,
  );

test('what passes whole is asked once', async (t) => {
  const wires = new Wires();
  t.deepEqual(await find(wires, [way(2), way(3)]), []);
  t.is(wires.rounds, 1);
});

test('nothing to ask is no failure', async (t) => {
  t.deepEqual(await find(new Wires(), []), []);
});

test('a node that answers nothing is unreachable; its data-path address is asked as well', async (t) => {
  const silent = { '10.0.0.2': 0, '10.0.0.3': 0, '192.0.2.3': 0 };
  const failures = await find(new Wires(silent), [way(2), way(3), way(4)]);
  t.deepEqual(
    failures.map(({ nodeId, kind, isUplinkAnswering }) => [nodeId, kind, isUplinkAnswering]),
    [
      ['n2', UNREACHABLE, true],
      ['n3', UNREACHABLE, false],
    ],
  );
});

test('the largest packet that passes is found to the byte', async (t) => {
  for (const largest of [576, 577, 1_000, 1_353, 1_354, 1_448, 1_449]) {
    const [failure, ...others] = await find(new Wires({ '10.0.0.2': largest }), [way(2), way(3)]);
    t.deepEqual(others, []);
    t.like(failure, { nodeId: 'n2', kind: MTU, passesBytes: largest });
  }
  const [jumbo] = await find(new Wires({ '10.0.0.2': 1_450 }), [way(2, 8_950)]);
  t.is(jumbo?.passesBytes, 1_450);
  const [tiny] = await find(new Wires({ '10.0.0.2': 300 }), [way(2)]);
  t.like(tiny, { kind: MTU, passesBytes: 0 });
});

test('packets that are lost now and then are no fault', async (t) => {
  t.deepEqual(await find(new Wires({}, [], { '10.0.0.2': 1 }), [way(2)]), []);
  t.deepEqual(await find(new Wires({}, [], { '10.0.0.2': 2 }), [way(2)]), []);
});

test('pings that pass and TCP that does not are a fault of checksums', async (t) => {
  const failures = await find(new Wires({}, ['10.0.0.3']), [way(2), way(3)]);
  t.deepEqual(
    failures.map(({ nodeId, kind }) => [nodeId, kind]),
    [['n3', CHECKSUM]],
  );
});

test('many ways that are cut have a few measured', async (t) => {
  const ways = Array.from({ length: 20 }, (_, i) => way(i + 2));
  const largest = Object.fromEntries(ways.map(({ to }) => [to, 1_350]));
  const failures = await find(new Wires(largest), ways);
  t.is(failures.length, 20);
  t.is(failures.filter(({ passesBytes }) => passesBytes === 1_350).length, 8);
});
