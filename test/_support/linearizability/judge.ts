/**
 * node test/_support/linearizability/judge.ts FILE: judges a history again that a test has kept.
 * Exit codes: 0 linearizable, 1 not, 2 too long to tell.
 */
import { readFileSync } from 'node:fs';
import { checkHistory } from './checker.ts';
import type { Operation } from './history.ts';
import { selfReapingModel } from './register.ts';
import type { RegisterInput, RegisterOutput } from './register.ts';

const text = readFileSync(process.argv[2] ?? '', 'utf8');
const lines = text.split('\n').filter((line) => line !== '');
const operations = lines.map(
  (line) => JSON.parse(line) as Operation<RegisterInput, RegisterOutput>,
);
const verdict = checkHistory(selfReapingModel, operations);
console.log(
  verdict.kind === 'violation'
    ? `${verdict.object}: ${verdict.explanation}`
    : JSON.stringify(verdict),
);
process.exitCode = { linearizable: 0, violation: 1, undecided: 2 }[verdict.kind];
