import type { Entry, MemberId } from './types.ts';

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: number;
}

/** One message between two members: plain data; the embedder chooses the encoding. */
export type RaftMessage = Envelope &
  (
    | {
        readonly kind: 'append';
        readonly previousIndex: number;
        readonly previousTerm: number;
        readonly entries: readonly Entry[];
        readonly commit: number;
      }
    | {
        readonly kind: 'append-response';
        /** Refused: `index` is the refused previousIndex and `hint*` where the logs may agree. */
        readonly isRejected: boolean;
        readonly index: number;
        readonly hintIndex: number;
        readonly hintTerm: number;
      }
    | { readonly kind: 'heartbeat'; readonly commit: number; readonly readContext: number }
    | { readonly kind: 'heartbeat-response'; readonly readContext: number }
    | {
        readonly kind: 'vote' | 'pre-vote';
        readonly lastIndex: number;
        readonly lastTerm: number;
        /** The leader told the candidate to stand: no live leader is a reason to refuse (§3.10). */
        readonly isTransfer: boolean;
      }
    | { readonly kind: 'vote-response' | 'pre-vote-response'; readonly isRejected: boolean }
    | { readonly kind: 'snapshot'; readonly snapshotIndex: number; readonly snapshotTerm: number }
    | { readonly kind: 'timeout-now' }
  );
