import { generateKeyPairSync } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ClusterError, messageOf } from '#lib';
import type { Logger } from '#lib';
import type { KeyStore } from './key-store.ts';
import type { KeyPair } from './keys.ts';

const key = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{43}=$/));
const pairSchema = v.object({
  slot: v.picklist([0, 1]),
  privateKey: key,
  publicKey: key,
  createdAtMs: v.number(),
});
const keysSchema = v.pipe(
  v.object({ used: pairSchema, other: v.optional(pairSchema) }),
  v.check(({ used, other }) => used.slot !== other?.slot, 'two keys of one slot'),
);

const toBase64 = (text: string | undefined): string =>
  Buffer.from(text ?? '', 'base64url').toString('base64');

function makePair(slot: 0 | 1, nowMs: number): KeyPair {
  const { d, x } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  return { slot, privateKey: toBase64(d), publicKey: toBase64(x), createdAtMs: nowMs };
}

/** `wireguard.json` in the agent's folder, for root's eyes only. */
export function fileKeyStore(directory: string, log: Logger): KeyStore {
  const path = join(directory, 'wireguard.json');
  return {
    async load() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          log.error('the WireGuard keys cannot be read: new ones are made', { path, err: error });
        return undefined;
      }
      try {
        const { used, other } = v.parse(keysSchema, JSON.parse(text));
        return { used, other };
      } catch {
        // The error would name what stands in the file.
        log.error('the WireGuard keys are damaged: new ones are made', { path });
        return undefined;
      }
    },
    async save(keys) {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const file = await open(`${path}.new`, 'w', 0o600);
        try {
          await file.writeFile(JSON.stringify(keys));
          await file.datasync();
        } finally {
          await file.close();
        }
        await rename(`${path}.new`, path);
      } catch (error) {
        throw new ClusterError('RUNTIME_ERROR', `${path}: ${messageOf(error)}`, { cause: error });
      }
    },
    make: makePair,
  };
}
