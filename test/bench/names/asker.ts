/** Asks a name server as fast as it answers, with so many questions under way; tells its parent. */
import { createSocket } from 'node:dgram';
import { ask } from '#test/_support/dns';

export interface AskerReport {
  readonly answers: number;
  readonly lost: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [address = '', port = '', services = '', underWay = '', seconds = ''] = process.argv.slice(2);
const socket = createSocket('udp4');
/** When each question under way was sent, by its id. */
const sentAt = new Map<number, number>();
const tookMs: number[] = [];
let id = 0;
let lost = 0;
let startedAt = performance.now();
const lostAfterMs = 1_000;

function next(): void {
  id = (id + 1) % 0x10000;
  const service = `web-${id % Number(services)}`;
  const kind = id % 10;
  // As tasks ask: A and AAAA of the name, and now and then all tasks of a service.
  const name = kind === 9 ? `tasks.${service}` : service;
  sentAt.set(id, performance.now());
  socket.send(
    ask(name, kind % 2 === 0 ? 'A' : 'AAAA', { id, ednsSize: 1232 }),
    Number(port),
    address,
  );
}

socket.on('message', (bytes) => {
  const answered = bytes.readUInt16BE(0);
  const sent = sentAt.get(answered);
  if (sent === undefined) return;
  sentAt.delete(answered);
  tookMs.push(performance.now() - sent);
  next();
});

/** A datagram may be dropped where queues are full. */
function repair(): void {
  for (const [each, sent] of sentAt)
    if (performance.now() - sent > lostAfterMs) {
      sentAt.delete(each);
      lost++;
      next();
    }
}

socket.bind(0, '127.0.0.1', () => {
  for (let i = 0; i < Number(underWay); i++) next();
  setInterval(repair, 100);
  // What comes first warms both sides up.
  setTimeout(() => {
    tookMs.length = 0;
    lost = 0;
    startedAt = performance.now();
    setTimeout(() => {
      const sorted = Float64Array.from(tookMs).sort();
      const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
      const report: AskerReport = {
        answers: sorted.length,
        lost,
        seconds: (performance.now() - startedAt) / 1000,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
      };
      process.send?.(report, () => process.exit(0));
    }, Number(seconds) * 1000);
  }, 1_000);
});
