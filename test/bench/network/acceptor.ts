/** Answers each connection to PORT with one byte; says when it listens, ends when its input ends. */
import { createServer } from 'node:net';

const [port = ''] = process.argv.slice(2);
const server = createServer((socket) => {
  // The caller resets the connection when it has the byte.
  socket.on('error', () => undefined);
  socket.write('.');
});
server.listen({ port: Number(port), host: '0.0.0.0', backlog: 4_096 }, () =>
  console.log('listening'),
);
process.stdin.on('end', () => process.exit(0)).resume();
