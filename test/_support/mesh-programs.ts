/**
 * Programs that the tests of the mesh run inside namespaces: a server that tells its callers their
 * own address, and a caller. Their text is theirs alone: they run without this project.
 */

/** On port 80, TCP and UDP: `NAME ADDRESS` to each connection and datagram, then what was sent. */
export const serverProgram = `
const [name] = process.argv.slice(1);
const bare = (address) => address.replace(/^::ffff:/, '');
require('node:net').createServer((socket) => {
  socket.on('error', () => 0);
  socket.write(name + ' ' + bare(socket.remoteAddress) + '\\n');
  socket.pipe(socket);
}).listen({ port: 80, host: '::', backlog: 1024 }, () => console.log('on'));
const udp = require('node:dgram').createSocket('udp6');
udp.on('message', (_, from) => udp.send(name + ' ' + bare(from.address), from.port, from.address));
udp.bind(80);
`;

/**
 * \`tcp|udp HOST PORT COUNT\`: one line for each of COUNT new connections, what was answered or the error's
 * code. \`load HOST PORT\`: connections one after the other until standard input ends, then a JSON line of
 * answers by server and errors. \`hold HOST PORT OWN\`: one connection; each line of standard input is sent, and
 * what comes back is printed. \`flow HOST PORT OWN\`: datagrams of one socket, one for each line. OWN: its own port,
 * 0 = any.
 */
export const callerProgram = `
const [kind, host, port, fourth] = process.argv.slice(1);
const count = Number(fourth);
const localPort = Number(fourth);
const net = require('node:net');
const dgram = require('node:dgram');
const udpKind = host.includes(':') ? 'udp6' : 'udp4';
function tcp() {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: Number(port) });
    let text = '';
    socket.setTimeout(3000, () => { text = 'TIMEOUT'; socket.destroy(); });
    socket.on('data', (part) => { text += part; if (text.includes('\\n')) socket.end(); });
    socket.on('error', (error) => { text = error.code; });
    socket.on('close', () => resolve(text.trim() || 'NOTHING'));
  });
}
function ask(socket) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done('TIMEOUT'), 3000);
    const done = (text) => { clearTimeout(timer); socket.removeAllListeners(); resolve(text); };
    socket.on('message', (part) => done(String(part)));
    socket.on('error', (error) => done(error.code));
    socket.send('x', (error) => { if (error) done(error.code); });
  });
}
function open() {
  return new Promise((resolve) => {
    const socket = dgram.createSocket({ type: udpKind, reuseAddr: true });
    const connect = () => socket.connect(Number(port), host, () => resolve(socket));
    if (kind === 'flow' && localPort > 0) socket.bind(localPort, connect);
    else connect();
  });
}
async function udp() {
  const socket = await open();
  const text = await ask(socket);
  socket.close();
  return text;
}
const lines = () => require('node:readline').createInterface({ input: process.stdin });
async function main() {
  if (kind === 'tcp' || kind === 'udp') {
    for (let i = 0; i < count; i++) console.log(await (kind === 'tcp' ? tcp() : udp()));
  } else if (kind === 'load') {
    const seen = {};
    let isEnding = false;
    process.stdin.on('end', () => { isEnding = true; }).resume();
    console.log('on');
    while (!isEnding) {
      const [answer] = (await tcp()).split(' ');
      seen[answer] = (seen[answer] ?? 0) + 1;
    }
    console.log(JSON.stringify(seen));
  } else if (kind === 'hold') {
    const socket = net.connect({ host, port: Number(port), localPort });
    socket.on('error', (error) => console.log(error.code));
    socket.on('data', (part) => process.stdout.write(part));
    lines().on('line', (line) => socket.write(line + '\\n')).on('close', () => socket.destroy());
  } else {
    const socket = await open();
    console.log('on');
    lines().on('line', async () => console.log(await ask(socket))).on('close', () => socket.close());
  }
}
void main();
`;
