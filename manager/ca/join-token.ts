import { ClusterError, newId } from '#lib';
import type { Random } from '#lib';

/** What a join token says: which root certificate to trust, and the secret that admits. */
export interface JoinToken {
  /** 50 characters of base 36: the SHA-256 of the root certificate. */
  readonly rootDigest: string;
  /** 25 characters of base 36: 128 random bits. */
  readonly secret: string;
}

const pattern = /^TSTKN-1-([0-9a-z]{50})-([0-9a-z]{25})$/;

/** A new token of one role; the role is not written in it, the cluster knows which secret is which. */
export function makeJoinToken(rootDigest: string, random: Random): string {
  return `TSTKN-1-${rootDigest}-${newId(random)}`;
}

/** INVALID_TOKEN for anything that does not have the form of a token. The text never repeats it. */
export function parseJoinToken(text: string): JoinToken {
  const match = pattern.exec(text.trim());
  const [, rootDigest, secret] = match ?? [];
  if (rootDigest === undefined || secret === undefined)
    throw new ClusterError(
      'INVALID_TOKEN',
      "invalid join token: expected TSTKN-1-<50 characters>-<25 characters>; print one with 'tsctl join-token worker' on a manager",
    );
  return { rootDigest, secret };
}

/** Compares in a time that depends on the length only. */
export function tokensEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % b.length);
  return difference === 0 && a.length > 0;
}
