/** How keys follow each other: at every moment each node takes what others send. */
import test from 'ava';
import fc from 'fast-check';
import { keyStep, otherSlot, toldKeys } from '#agent/wireguard/keys';
import type { KeyPair, OwnKeys } from '#agent/wireguard/keys';
import { addressOfKey } from '#agent/wireguard/tunnel-address';
import { base64, keyOf } from '#test/_support/wireguard-world';

const settleMs = 30_000;
const periodMs = 600_000;

/** A node with its keys, and what of others' keys has reached it. */
class ModelNode {
  keys: OwnKeys;
  readonly heard = new Map<ModelNode, readonly string[]>();
  toldSinceMs: number | undefined;
  rotations = 0;
  #made: number;

  constructor(number: number) {
    this.#made = number * 80;
    this.keys = { used: this.#make(0, 0), other: undefined };
  }

  #make(slot: 0 | 1, nowMs: number): KeyPair {
    const publicKey = base64(keyOf(++this.#made));
    return { slot, privateKey: '', publicKey, createdAtMs: nowMs };
  }

  get told(): readonly string[] {
    return toldKeys(this.keys).map(({ publicKey }) => base64(publicKey));
  }

  step(nowMs: number): boolean {
    const { used, other } = this.keys;
    const toldForMs = this.toldSinceMs === undefined ? undefined : nowMs - this.toldSinceMs;
    const now = { nowMs, periodMs, settleMs, isIdle: false, isOtherUp: true, toldForMs };
    const step = keyStep(this.keys, now);
    if (step === 'none') return false;
    if (step === 'make') this.keys = { used, other: this.#make(otherSlot(used.slot), nowMs) };
    else if (step === 'use-other' && other !== undefined) {
      this.keys = { used: other, other: used };
      this.rotations++;
    } else this.keys = { used, other: undefined };
    this.toldSinceMs = undefined;
    return true;
  }
}

/** What `from` sends reaches `to`: each knows the key of the other that is used for it. */
function reaches(from: ModelNode, to: ModelNode): boolean {
  const target = from.heard.get(to)?.[0] ?? '';
  const takesIt = to.told.includes(target);
  const isKnown = to.heard.get(from)?.includes(from.keys.used.publicKey) === true;
  return takesIt && isKnown;
}

test('keys that change at any moments, told late, never cost a packet', (t) => {
  const delays = fc.infiniteStream(fc.integer({ min: 0, max: settleMs - 1_000 }));
  fc.assert(
    fc.property(delays, fc.nat(periodMs - 1), (late, apartMs) => {
      const nodes = [new ModelNode(1), new ModelNode(2)];
      const [a, b] = nodes as [ModelNode, ModelNode];
      a.heard.set(b, b.told);
      b.heard.set(a, a.told);
      a.toldSinceMs = 0;
      b.toldSinceMs = 0;
      const pending: { readonly atMs: number; readonly apply: () => void }[] = [];
      for (let nowMs = 0; nowMs < 4 * periodMs; nowMs += 1_000) {
        for (const node of nodes) {
          // The second one's clock is another.
          if (!node.step(node === b ? nowMs + apartMs : nowMs)) continue;
          const { told } = node;
          const [other] = nodes.filter((one) => one !== node) as [ModelNode];
          // Described within a while, then told to both: to each after a time of its own.
          const describedMs = nowMs + (late.next().value ?? 0);
          const heardMs = describedMs + (late.next().value ?? 0);
          pending.push({ atMs: heardMs, apply: () => void other.heard.set(node, told) });
          const since = node === b ? describedMs + apartMs : describedMs;
          pending.push({ atMs: describedMs, apply: () => void (node.toldSinceMs = since) });
        }
        for (const one of pending.filter(({ atMs }) => atMs <= nowMs)) one.apply();
        pending.splice(0, pending.length, ...pending.filter(({ atMs }) => atMs > nowMs));
        if (!reaches(a, b) || !reaches(b, a)) return false;
      }
      return a.rotations >= 2 && b.rotations >= 2;
    }),
    { numRuns: 30 },
  );
  t.pass();
});

test('a key that nobody is told of stays, and so does one whose successor does not stand', (t) => {
  const pair = (slot: 0 | 1, createdAtMs: number): KeyPair => ({
    ...{ slot, privateKey: '', publicKey: String(slot), createdAtMs },
  });
  const base = { nowMs: periodMs, periodMs, settleMs, isIdle: false, isOtherUp: true };
  const told = { ...base, toldForMs: settleMs };
  const one = { used: pair(0, 0), other: undefined };
  t.is(keyStep(one, { ...told, nowMs: periodMs - 1 }), 'none');
  t.is(keyStep(one, told), 'make');
  t.is(keyStep(one, { ...told, isIdle: true }), 'none');
  const two = { used: pair(0, 0), other: pair(1, periodMs) };
  t.is(keyStep(two, { ...base, toldForMs: undefined }), 'none');
  t.is(keyStep(two, { ...base, toldForMs: settleMs - 1 }), 'none');
  t.is(keyStep(two, { ...told, isOtherUp: false }), 'none');
  t.is(keyStep(two, told), 'use-other');
  const changed = { used: pair(1, periodMs), other: pair(0, 0) };
  t.is(keyStep(changed, { ...told, toldForMs: settleMs - 1 }), 'none');
  t.is(keyStep(changed, told), 'drop-other');
  // A clock that was set back makes nothing happen early.
  t.is(keyStep({ used: pair(0, periodMs), other: undefined }, { ...told, nowMs: 0 }), 'none');
});

test('the address of a key is written as the kernel prints it', (t) => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const sparse = fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 32, maxLength: 32 });
  const property = fc.property(
    fc.oneof(
      bytes,
      sparse.map((one) => Uint8Array.from(one)),
    ),
    (key) => {
      const address = addressOfKey(key);
      // Browsers' addresses are written by the same rules (RFC 5952).
      t.is(new URL(`http://[${address}]/`).hostname, `[${address}]`);
      t.true(address.startsWith('fd5c:7a1e:93b4:e2d0:'));
    },
  );
  fc.assert(property);
});
