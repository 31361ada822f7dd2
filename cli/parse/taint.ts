/** Taints and tolerations as people write them: KEY[=VALUE][:EFFECT][:SECONDS]. */
import { Taint, TaintEffect, Toleration, TolerationOperator } from '#proto';
import { UsageError } from '../cli.ts';
import { parseDuration } from './duration.ts';
import { parseWord } from './words.ts';

const effectNames = {
  NoSchedule: TaintEffect.NO_SCHEDULE,
  PreferNoSchedule: TaintEffect.PREFER_NO_SCHEDULE,
  NoExecute: TaintEffect.NO_EXECUTE,
} as const;
/** Case does not matter. */
const effects = Object.fromEntries(
  Object.entries(effectNames).map(([name, effect]) => [name.toLowerCase(), effect]),
);
const effectWords = 'NoSchedule, PreferNoSchedule or NoExecute';

function parseEffect(flag: string, text: string, whole: string): TaintEffect {
  if (Object.hasOwn(effects, text.toLowerCase())) return parseWord(flag, text, effects);
  throw new UsageError(`${flag} '${whole}': the effect '${text}' is none: use ${effectWords}`);
}

/** KEY[=VALUE]:EFFECT. */
export function parseTaint(flag: string, text: string): Taint {
  const parts = text.split(':');
  const [pair = '', effect] = parts;
  const [key, value = ''] = splitOnce(pair, '=');
  if (key === '' || effect === undefined || parts.length > 2)
    throw new UsageError(
      `${flag} '${text}': write it as KEY=VALUE:EFFECT, as in disk=slow:NoSchedule`,
    );
  return Taint.create({ key, value, effect: parseEffect(flag, effect, text) });
}

/** As `parseTaint` reads it. */
export function taintText({ key, value, effect }: Taint): string {
  const word = Object.entries(effectNames).find(([, one]) => one === effect)?.[0] ?? '';
  return `${key}${value === '' ? '' : `=${value}`}:${word}`;
}

/** What --taint-rm takes: KEY of any effect, or KEY:EFFECT. */
export function isTaintNamed(flag: string, text: string): (taint: Taint) => boolean {
  const [key, effect] = splitOnce(text, ':');
  if (key === '') throw new UsageError(`${flag} '${text}': write it as KEY or KEY:EFFECT`);
  const wanted = effect === undefined ? undefined : parseEffect(flag, effect, text);
  return (taint) => taint.key === key && (wanted === undefined || taint.effect === wanted);
}

/**
 * KEY tolerates every value, KEY=VALUE that one, KEY>N and KEY<N taints whose number is above or below N,
 * `*` every taint. Without an effect every effect is tolerated; SECONDS, which may be written as in 5m, go with NoExecute.
 */
export function parseToleration(flag: string, text: string): Toleration {
  const [match = '', effectText = '', secondsText, ...rest] = text.split(':');
  const parsed = /^([^=<>]+)(?:([=<>])(.*))?$/.exec(match);
  const [, key = '', sign, value = ''] = parsed ?? [];
  if (parsed === null || rest.length > 0 || (key === '*' && sign !== undefined))
    throw new UsageError(
      `${flag} '${text}': write it as KEY[=VALUE][:EFFECT[:SECONDS]], as in disk=slow:NoExecute:60`,
    );
  if (/^\d/.test(effectText))
    throw new UsageError(
      `${flag} '${text}': a time goes with an effect: write ${match}:NoExecute:${effectText}`,
    );
  const effect = effectText === '' ? undefined : parseEffect(flag, effectText, text);
  const seconds = secondsText === undefined ? undefined : parseSeconds(flag, secondsText, text);
  if (seconds !== undefined && effect !== TaintEffect.NO_EXECUTE)
    throw new UsageError(
      `${flag} '${text}': seconds go with the effect NoExecute: write ${match}:NoExecute:${secondsText}`,
    );
  return Toleration.create({
    key: key === '*' ? '' : key,
    operator: operatorOf(sign),
    value,
    effect,
    seconds,
  });
}

/** Plain seconds, or as in 5m. */
function parseSeconds(flag: string, text: string, whole: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  const seconds = /^\d{1,9}[smhd]$/.test(text) ? parseDuration(flag, text) / 1_000 : Infinity;
  if (seconds < 1e9) return seconds;
  throw new UsageError(
    `${flag} '${whole}': '${text}' is no time: write whole seconds, or as in 5m`,
  );
}

function operatorOf(sign: string | undefined): TolerationOperator {
  if (sign === '>') return TolerationOperator.GREATER;
  if (sign === '<') return TolerationOperator.LESS;
  return sign === '=' ? TolerationOperator.EQUAL : TolerationOperator.EXISTS;
}

/** Tolerations with the same key, operator, value and effect are one; a new one replaces its seconds. */
export function tolerationId({ key, operator, value, effect }: Toleration): string {
  return `${key}/${operator}/${value}/${effect ?? ''}`;
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
