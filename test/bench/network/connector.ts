/** Makes short connections for some seconds, so many at once; prints a ConnectorReport as JSON. */
import { connect } from 'node:net';

export interface ConnectorReport {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Connections that were refused or broke. */
  readonly failed: number;
}

const [address = '', port = '', atOnce = '', seconds = ''] = process.argv.slice(2);
const warmUpMs = 500;
const tookMs: number[] = [];
let failed = 0;
let isOver = false;

function next(): void {
  if (isOver) return;
  const startedAt = performance.now();
  const socket = connect({ host: address, port: Number(port), noDelay: true });
  socket.once('data', () => {
    tookMs.push(performance.now() - startedAt);
    // Reset, not closed: no port of either side stays taken.
    socket.resetAndDestroy();
    next();
  });
  socket.once('error', () => {
    failed++;
    setTimeout(next, 10);
  });
}

for (let i = 0; i < Number(atOnce); i++) next();
setTimeout(() => {
  tookMs.length = 0;
  const startedAt = performance.now();
  setTimeout(() => {
    isOver = true;
    const tookSeconds = (performance.now() - startedAt) / 1_000;
    const sorted = Float64Array.from(tookMs).sort();
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    const report: ConnectorReport = {
      perSecond: sorted.length / tookSeconds,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      failed,
    };
    console.log(JSON.stringify(report));
    process.exit(0);
  }, Number(seconds) * 1_000);
}, warmUpMs);
