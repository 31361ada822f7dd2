import { assertNever } from '#lib';
import type { Model } from './model.ts';

/**
 * One service name as the control API shows it. Every write brings a value of its own. `version` of
 * an update is the one that its client read; of an answer the one that the write made, when the
 * answer tells.
 */
export type RegisterInput =
  | { readonly kind: 'create'; readonly value: string }
  | { readonly kind: 'update'; readonly value: string; readonly version: number }
  | { readonly kind: 'remove' }
  /** What becomes of a service whose removal was asked for, once nothing of it is left. */
  | { readonly kind: 'reap' }
  | { readonly kind: 'read' };

export type RegisterOutput =
  | { readonly kind: 'done'; readonly version?: number }
  | { readonly kind: 'refused'; readonly code: RefusalCode }
  | { readonly kind: 'value'; readonly value: string; readonly version: number }
  | { readonly kind: 'leaving'; readonly value: string };

/** The refusals that say something of the state. */
export const refusalCodes = [
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'NOT_FOUND',
  'STALE_VERSION',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

export interface RegisterState {
  readonly kind: 'absent' | 'present' | 'leaving';
  /** '' when absent. */
  readonly value: string;
  /** The version that stands, when `isExact`; else some version before it. */
  readonly version: number;
  /** False after a write whose answer did not tell its version, until somebody reads it. */
  readonly isExact: boolean;
}

type Step = RegisterState | undefined;

/** A register with compare-and-set on versions, that can be created and removed. */
export const registerModel: Model<RegisterState, RegisterInput, RegisterOutput> = {
  initial: { kind: 'absent', value: '', version: 0, isExact: true },
  step: (state, input, output) => {
    if (output?.kind === 'refused') return isRefused(state, input, output.code) ? state : undefined;
    switch (input.kind) {
      case 'create':
        return state.kind === 'absent' ? written(state, input.value, output) : undefined;
      case 'update':
        if (!mayUpdate(state, input.version)) return undefined;
        return written({ ...state, version: input.version }, input.value, output);
      case 'remove':
        if (state.kind === 'present') return { ...state, kind: 'leaving', isExact: false };
        return state.kind === 'leaving' ? state : undefined;
      case 'reap': {
        const { kind, version } = state;
        const gone = { kind: 'absent', value: '', version, isExact: false } as const;
        return kind === 'leaving' ? gone : undefined;
      }
      case 'read':
        return output === undefined ? undefined : readAs(state, output);
      default:
        return assertNever(input);
    }
  },
  key: ({ kind, value, version, isExact }) => `${kind} ${value} ${isExact ? '=' : '>'}${version}`,
  describe: (input, output) => `${JSON.stringify(input)} -> ${JSON.stringify(output) ?? 'unknown'}`,
};

/**
 * The same where the managers reap by themselves, at a moment that nobody is told of: a service that
 * is being removed may be gone before any operation. The first one that only fits then shows that
 * it is; no answer fits both before and after.
 */
export const selfReapingModel: Model<RegisterState, RegisterInput, RegisterOutput> = {
  ...registerModel,
  step: (state, input, output) => {
    const next = registerModel.step(state, input, output);
    if (next !== undefined || state.kind !== 'leaving') return next;
    const gone = registerModel.step(state, { kind: 'reap' }, { kind: 'done' });
    return gone === undefined ? undefined : registerModel.step(gone, input, output);
  },
};

/** Versions only grow, over removals too. */
function written(state: RegisterState, value: string, output: RegisterOutput | undefined): Step {
  const version = output?.kind === 'done' ? output.version : undefined;
  if (output !== undefined && output.kind !== 'done') return undefined;
  if (version === undefined)
    return { kind: 'present', value, version: state.version, isExact: false };
  if (version <= state.version) return undefined;
  return { kind: 'present', value, version, isExact: true };
}

function mayUpdate(state: RegisterState, version: number): boolean {
  if (state.kind !== 'present') return false;
  return state.isExact ? version === state.version : version > state.version;
}

function readAs(state: RegisterState, output: RegisterOutput): Step {
  if (output.kind === 'leaving')
    return state.kind === 'leaving' && state.value === output.value ? state : undefined;
  if (output.kind !== 'value' || state.kind !== 'present') return undefined;
  const { value, version } = output;
  if (state.value !== value || !mayUpdate(state, version)) return undefined;
  return { ...state, version, isExact: true };
}

function isRefused(state: RegisterState, input: RegisterInput, code: RefusalCode): boolean {
  switch (code) {
    case 'ALREADY_EXISTS':
      return input.kind === 'create' && state.kind !== 'absent';
    case 'NOT_FOUND':
      return input.kind !== 'create' && state.kind === 'absent';
    case 'FAILED_PRECONDITION':
      return input.kind === 'update' && state.kind === 'leaving';
    case 'STALE_VERSION':
      if (input.kind !== 'update' || state.kind !== 'present') return false;
      return !state.isExact || state.version !== input.version;
    default:
      return assertNever(code);
  }
}
