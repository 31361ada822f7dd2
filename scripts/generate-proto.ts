/**
 * Turns proto/<package>/*.proto into proto/gen/<name>.ts: plain readonly types, a codec per message on
 * protobufjs' Writer and Reader, and method tables for grpc-js. `--check` fails when the files on disk
 * differ from what would be written.
 *
 * Why not pbjs' static modules: docs/decisions/0001-own-proto-types.md.
 */
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { printNamespace } from './proto-printer.ts';

const root = join(import.meta.dirname, '..');
const outputs = [
  { source: 'proto/tessera', output: 'proto/gen/tessera.ts' },
  { source: 'proto/containerd', output: 'proto/gen/containerd.ts' },
];

function protoFiles(folder: string): string[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return protoFiles(path);
      return path.endsWith('.proto') ? [path] : [];
    });
}

function generate(source: string): string {
  const files = protoFiles(join(root, source));
  const parsed = new protobuf.Root();
  // Imports are written from proto/; everything imported is in the list already.
  for (const file of files) protobuf.parse(readFileSync(file, 'utf8'), parsed);
  parsed.resolveAll();
  return printNamespace(parsed);
}

const isCheck = process.argv.includes('--check');
let stale = 0;
for (const { source, output } of outputs) {
  const text = generate(source);
  const path = join(root, output);
  if (isCheck) {
    if (readFileSync(path, 'utf8') !== text) {
      console.error(`${output} is not what ${source} gives: run \`npm run proto\``);
      stale++;
    }
    continue;
  }
  mkdirSync(join(root, 'proto/gen'), { recursive: true });
  writeFileSync(path, text);
}
process.exit(stale === 0 ? 0 : 1);
