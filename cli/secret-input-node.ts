/** A secret from whoever runs the program: from the terminal without echo, or from a pipe. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ClusterError } from '#lib';

const bytesMax = 4096;

/** The first line. CANCELLED when the terminal is closed or Ctrl-C is pressed. */
export function readSecret(prompt: string): Promise<string> {
  return process.stdin.isTTY ? fromTerminal(prompt) : fromPipe();
}

function fromTerminal(prompt: string): Promise<string> {
  // What readline would echo goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  // After the terminal has stopped to echo: who types early is not seen either.
  process.stderr.write(prompt);
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      process.stderr.write('\n');
      reject(new ClusterError('CANCELLED', 'no key was given'));
    });
  });
}

async function fromPipe(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes('\n')) break;
    if (text.length > bytesMax)
      throw new ClusterError('INVALID_ARGUMENT', `more than ${bytesMax} bytes without a line end`);
  }
  return text.split('\n', 1)[0] ?? '';
}
