import { EtcdError } from './etcd-port.ts';
import type { Refusal } from './etcd-port.ts';

/**
 * What etcd's own texts mean (etcd 3.4 and later, `api/v3rpc/rpctypes`). Its client hides the status code of
 * some errors, so the text is all there is to go by.
 */
const refusals: readonly (readonly [string, Refusal])[] = [
  ['request is too large', 'too-large'],
  ['trying to send message larger than max', 'too-large'],
  ['database space exceeded', 'no-space'],
  ['too many requests', 'too-many-requests'],
  ['permission denied', 'denied'],
  ['authentication failed', 'denied'],
  ['invalid auth token', 'denied'],
  ['user name is empty', 'denied'],
  ['authentication is not enabled', 'denied'],
  ['required revision has been compacted', 'compacted'],
];

/** What a person can do about it. */
const advice: Readonly<Record<Refusal, string>> = {
  'too-large': "etcd refuses entries of this size: start it with '--max-request-bytes 2097152'",
  'no-space':
    "etcd is full: compact and defragment it, then run 'etcdctl alarm disarm' (docs/etcd.md)",
  'too-many-requests': 'etcd has too many requests: try again in a moment',
  denied: "etcd denies access: check --store-auth, --store-cert and the user's role",
  compacted: 'the history in etcd that was asked for is compacted',
};

/** gRPC's errors carry the plain text beside one with their status in it. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'details' in error && typeof error.details === 'string' && error.details !== ''
    ? error.details
    : error.message;
}

/** One line for people, from whatever the client of etcd has thrown. */
export function toEtcdError(error: unknown): EtcdError {
  const text = textOf(error);
  const [line = ''] = text.split('\n');
  const refusal = refusals.find(([part]) => text.includes(part))?.[1];
  const message = refusal === undefined ? `etcd does not answer (${line})` : advice[refusal];
  return new EtcdError(message, refusal, error);
}
