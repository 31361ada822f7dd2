import { EtcdError } from '#manager/etcd/etcd-port';
import type { Etcd, Transaction, TransactionAnswer } from '#manager/etcd/etcd-port';

/** What becomes of a transaction: `unheard` is done and the answer lost, `late` is done only much later. */
export type TransactionFate = 'done' | 'unheard' | 'lost' | 'late';

/** Passes calls on, but not all transactions, nor all answers to them. */
export class FaultyEtcd implements Etcd {
  readonly #inner: Etcd;
  readonly #fate: () => TransactionFate;
  readonly #held: Transaction[] = [];

  constructor(inner: Etcd, fate: () => TransactionFate) {
    this.#inner = inner;
    this.#fate = fate;
  }

  async transact(transaction: Transaction): Promise<TransactionAnswer> {
    const fate = this.#fate();
    if (fate === 'late') this.#held.push(transaction);
    if (fate === 'late' || fate === 'lost') throw new EtcdError('no answer');
    const answer = await this.#inner.transact(transaction);
    if (fate === 'unheard') throw new EtcdError('no answer');
    return answer;
  }

  /** What was under way all the time arrives; whether each of them still changed something. */
  async arrive(): Promise<readonly boolean[]> {
    const done: boolean[] = [];
    for (const transaction of this.#held.splice(0))
      done.push((await this.#inner.transact(transaction)).isDone);
    return done;
  }

  range(...args: Parameters<Etcd['range']>): ReturnType<Etcd['range']> {
    return this.#inner.range(...args);
  }
  grantLease(ttlMs: number): ReturnType<Etcd['grantLease']> {
    return this.#inner.grantLease(ttlMs);
  }
  keepAlive(leaseId: string): ReturnType<Etcd['keepAlive']> {
    return this.#inner.keepAlive(leaseId);
  }
  revokeLease(leaseId: string): Promise<void> {
    return this.#inner.revokeLease(leaseId);
  }
  watch(...args: Parameters<Etcd['watch']>): ReturnType<Etcd['watch']> {
    return this.#inner.watch(...args);
  }
  close(): void {
    this.#inner.close();
  }
}
