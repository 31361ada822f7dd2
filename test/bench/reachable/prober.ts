/**
 * Asks web servers again and again until they answer: each line of the input is "NUMBER ADDRESS"; "NUMBER MS"
 * is printed when the first answer of that address has come, MS since the epoch. Ends with its input.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** Between the end of one try and the next. */
const pauseMs = 2;
/** Where a connection gets no answer at all, it is given up and another made. */
const tryMs = 250;

function ask(number: string, address: string): void {
  let isAnswered = false;
  const socket = connect({ host: address, port: 80, noDelay: true });
  socket.setTimeout(tryMs, () => socket.destroy());
  socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  socket.on('data', () => {
    if (!isAnswered) console.log(`${number} ${performance.timeOrigin + performance.now()}`);
    isAnswered = true;
    socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (!isAnswered) setTimeout(() => ask(number, address), pauseMs);
  });
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [number = '', address = ''] = line.split(' ');
    ask(number, address);
  })
  .on('close', () => process.exit(0));
