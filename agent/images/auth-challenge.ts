/** What a registry asks for before it answers (`WWW-Authenticate`); pure. */

export type Challenge =
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer';
      /** Where tokens are given out. */
      readonly realm: string;
      readonly service: string;
      readonly scope: string;
    };

/** The first challenge that can be answered, bearer before basic; undefined when there is none. */
export function parseChallenge(header: string): Challenge | undefined {
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/i.exec(header)?.[1];
  if (bearer !== undefined) {
    const parameters = new Map<string, string>();
    for (const [, name = '', quoted, bare] of bearer.matchAll(
      /([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi,
    ))
      parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
    const realm = parameters.get('realm');
    if (realm !== undefined)
      return {
        kind: 'bearer',
        realm,
        service: parameters.get('service') ?? '',
        scope: parameters.get('scope') ?? '',
      };
  }
  return /(?:^|,\s*)basic\b/i.test(header) ? { kind: 'basic' } : undefined;
}

/** The address to ask for a token; undefined when the realm is not an http(s) address. */
export function tokenUrl(
  challenge: Extract<Challenge, { kind: 'bearer' }>,
  path: string,
): URL | undefined {
  if (!URL.canParse(challenge.realm)) return undefined;
  const url = new URL(challenge.realm);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (challenge.service !== '') url.searchParams.set('service', challenge.service);
  url.searchParams.set('scope', challenge.scope || `repository:${path}:pull`);
  return url;
}
