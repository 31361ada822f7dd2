import test from 'ava';
import { pidOnHost } from '#test/_support/lab-faults';

const status = (ids: string): string => `Name:\tx\nNSpid:\t${ids}\nVmPeak:\t1 kB\n`;

test('a process of a host is known by its number there, one of a container is not', (t) => {
  t.is(pidOnHost(status('41234\t1338')), '1338');
  t.is(pidOnHost(status('41235\t907\t1338')), undefined);
  t.is(pidOnHost(status('1338')), undefined);
});
