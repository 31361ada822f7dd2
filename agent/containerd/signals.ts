/** Linux' signals by name (the numbers of x86, arm and most others). Pure. */
import { ClusterError } from '#lib';

const numbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
};
const realtimeMin = 34;
const signalMax = 64;

/** `SIGTERM`, `term`, `15`, `RTMIN+3`, `SIGRTMAX-1` -> its number. INVALID_ARGUMENT. */
export function signalNumber(name: string): number {
  const text = name.toUpperCase().replace(/^SIG/, '');
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(text);
  const number =
    realtime === null
      ? (numbers[text] ?? (/^\d{1,2}$/.test(text) ? Number(text) : 0))
      : (realtime[1] === 'MIN' ? realtimeMin : signalMax) +
        Number(`${realtime[2] ?? '+'}${realtime[3] ?? '0'}`);
  if (number >= 1 && number <= signalMax) return number;
  throw new ClusterError(
    'INVALID_ARGUMENT',
    `'${name}' is not a signal: use a name such as SIGTERM, or a number from 1 to ${signalMax}`,
  );
}
