/**
 * `make bench [ONLY=name,...]`: runs the benchmarks of this folder (every file that exports `bench`) one
 * after the other, prints a table, and appends each row as a JSON line to build/bench.jsonl.
 * Exit code 1 when a bar was missed or a benchmark broke.
 */
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Row } from './row.ts';

const folder = import.meta.dirname;
const output = join(folder, '../../build/bench.jsonl');
const helpers = new Set([
  'load.ts',
  'loop-stall.ts',
  'row.ts',
  'run.ts',
  'store-load.ts',
  'tesserad-flags.ts',
]);

interface Benchmark {
  readonly bench?: () => Promise<readonly Row[]>;
}

const number = (value: number | null): string =>
  value === null ? '-' : String(Number(value.toPrecision(value >= 1000 ? 6 : 3)));
const verdict = (ok: boolean | null): string => (ok === null ? '-' : ok ? 'yes' : 'NO');

function cells(row: Row): string[] {
  return [
    row.name,
    row.unit,
    number(row.ours),
    number(row.peer),
    number(row.ratio),
    row.bar ?? '-',
    verdict(row.ok),
  ];
}

function printTable(rows: readonly Row[]): void {
  const lines = [['name', 'unit', 'ours', 'peer', 'ratio', 'bar', 'ok'], ...rows.map(cells)];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  for (const line of lines)
    console.log(
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

function record(file: string, rows: readonly Row[]): void {
  const at = new Date().toISOString();
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`;
  for (const row of rows)
    appendFileSync(output, `${JSON.stringify({ ...row, bench: file, at, machine })}\n`);
}

const only = (process.env['ONLY'] ?? '').split(',').filter((name) => name !== '');
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !helpers.has(file))
  .map((file) => file.slice(0, -3))
  .sort();
const unknown = only.find((name) => !files.includes(name));
if (unknown !== undefined) {
  console.error(`bench: no benchmark '${unknown}': use ${files.join(', ')}`);
  process.exit(2);
}
mkdirSync(join(folder, '../../build'), { recursive: true });
const all: Row[] = [];
let broken = 0;
for (const file of only.length > 0 ? only : files) {
  const { bench } = (await import(join(folder, `${file}.ts`))) as Benchmark;
  if (bench === undefined) continue;
  console.log(`bench: ${file} ...`);
  try {
    const rows = await bench();
    record(file, rows);
    all.push(...rows);
  } catch (error) {
    broken++;
    console.error(`bench: ${file} broke:`, error);
  }
}
printTable(all);
process.exitCode = broken > 0 || all.some((row) => row.ok === false) ? 1 : 0;
