import { pino } from 'pino';
import type { Logger as Pino } from 'pino';
import type { Logger } from './log.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Field names whose values never reach a log, down to the third level of an object. */
const secretNames = [
  ...['token', 'secret', 'password', 'key', 'privateKey', 'auth', 'unlockKey'],
  ...['keyPem', 'joinTokens', 'registryAuth', 'authorization'],
];

function adapt(target: Pino): Logger {
  return {
    debug: (message, fields) => target.debug(fields ?? {}, message),
    info: (message, fields) => target.info(fields ?? {}, message),
    warn: (message, fields) => target.warn(fields ?? {}, message),
    error: (message, fields) => target.error(fields ?? {}, message),
    child: (fields) => adapt(target.child(fields)),
  };
}

/** JSON lines on standard error. */
export function pinoLogger(level: LogLevel): Logger {
  return adapt(
    pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        redact: {
          paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
          censor: '[secret]',
        },
      },
      pino.destination({ dest: 2, sync: true }),
    ),
  );
}
