/** Requests to published ports from outside the cluster's hosts, each on a connection of its own. */
import { request } from 'node:http';
import { setInterval } from 'node:timers/promises';

/**
 * A web server of busybox: `/` answers with the task's host name, `/cgi-bin/who` with that and the
 * caller's address. Told to stop it takes no new connections and ends those it has.
 */
export const webServer = [
  'sh',
  '-c',
  `mkdir -p /tmp/www/cgi-bin
hostname > /tmp/www/index.html
printf '%s\\n' '#!/bin/sh' 'printf "Content-Type: text/plain\\r\\n\\r\\n$(hostname) $REMOTE_ADDR"' > /tmp/www/cgi-bin/who
chmod +x /tmp/www/cgi-bin/who
trap 'kill $server; while grep -qs "(httpd) [^Z]" /proc/[0-9]*/stat; do sleep 0.05; done; exit 0' TERM
httpd -f -p 80 -h /tmp/www & server=$!
wait`,
];

/** What the server said; an error of the connection, its reason, and a status other than 200 reject. */
export function ask(address: string, port: number, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: address, port, path, agent: false, timeout: 10_000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200 && text !== '') resolve(text.trim());
          else reject(new Error(`status ${response.statusCode}, answer '${text}'`));
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer in 10 s')));
    call.on('error', reject);
    call.end();
  });
}

/** Who answered, and the caller's address as that task saw it. */
export async function askWho(address: string, port: number): Promise<readonly [string, string]> {
  return parseWho(await ask(address, port, '/cgi-bin/who'));
}

/** IPv4 callers of a socket for both families are told as ::ffff:, IPv6 ones in brackets. */
export function parseWho(text: string): readonly [string, string] {
  const [name = '', address = ''] = text.trim().split(' ');
  return [name, address.replace(/^\[|\]$/g, '').replace(/^::ffff:/, '')];
}

export interface Failure {
  readonly target: string;
  readonly atMs: number;
  readonly reason: string;
}

export interface LoadOptions {
  /** Asked in turn. */
  readonly targets: readonly string[];
  readonly port: number;
  /** Requests under way at once, at most. */
  readonly width: number;
  /** Begun each second, at most. */
  readonly perSecond: number;
}

/** Requests that go on until `end`. */
export class Load {
  readonly #options: LoadOptions;
  readonly #over: Promise<void>;
  readonly #underWay = new Set<Promise<void>>();
  readonly failures: Failure[] = [];
  /** By who answered, since the last `forget`. */
  readonly answers = new Map<string, number>();
  #begun = 0;
  #isEnding = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#over = this.#run();
  }

  get begun(): number {
    return this.#begun;
  }

  /** `answers` and `failures` are of requests that begin from now on. */
  async forget(): Promise<void> {
    await Promise.all(this.#underWay);
    this.answers.clear();
    this.failures.length = 0;
  }

  /** Resolves once the last request is over. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#over;
  }

  async #run(): Promise<void> {
    const { width, perSecond } = this.#options;
    const everyMs = 10;
    for await (const _ of setInterval(everyMs)) {
      if (this.#isEnding) break;
      for (let i = 0; i < (perSecond * everyMs) / 1000; i++)
        if (this.#underWay.size < width) this.#begin();
    }
    await Promise.all(this.#underWay);
  }

  #begin(): void {
    const { targets } = this.#options;
    const target = targets[this.#begun++ % targets.length] ?? '';
    const one: Promise<void> = this.#one(target).finally(() => this.#underWay.delete(one));
    this.#underWay.add(one);
  }

  async #one(target: string): Promise<void> {
    const atMs = Date.now();
    try {
      const name = await ask(target, this.#options.port);
      this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
    } catch (error) {
      this.failures.push({ target, atMs, reason: String(error) });
    }
  }
}
