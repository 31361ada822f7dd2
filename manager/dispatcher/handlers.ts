import { ClusterError } from '#lib';
import type {
  AgentMessage,
  CallContext,
  DispatcherService,
  Handlers,
  ManagerMessage,
} from '#proto';
import { Channel, abortWith } from '../work/index.ts';
import type { WorkRouter } from '../work/index.ts';
import type { SessionInput, SessionLink, SessionPeer } from './agent-session.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Messages that wait for one agent; when full the session ends and the agent starts over. */
const sessionQueueMax = 256;

export interface DispatcherHandlerOptions {
  readonly dispatcher: Dispatcher;
  readonly work: WorkRouter;
  /** host:port of the leader as far as this manager knows. */
  leaderAddress(): string | undefined;
}

function nodeIdOf(context: CallContext): string {
  if (context.caller.kind === 'node') return context.caller.nodeId;
  throw new ClusterError(
    'UNAUTHENTICATED',
    'only nodes of the cluster may open a session: connect with a certificate of it',
  );
}

export interface DispatcherHandlers extends Handlers<typeof DispatcherService> {
  /** As `session`, for a connection of its own. Throws NOT_LEADER; so does `link.close` say it. */
  readonly openSession: (peer: SessionPeer, link: SessionLink) => SessionInput;
}

/** The dispatcher's streams, without their transport. Elsewhere than on the leader: NOT_LEADER. */
export function dispatcherHandlers(options: DispatcherHandlerOptions): DispatcherHandlers {
  const { dispatcher, work } = options;
  const notLeader = (): ClusterError => {
    const leaderAddress = options.leaderAddress() ?? '';
    const where = leaderAddress === '' ? 'there is none at the moment' : `ask ${leaderAddress}`;
    return new ClusterError('NOT_LEADER', `this manager is not the leader: ${where}`, {
      details: leaderAddress === '' ? {} : { leaderAddress },
    });
  };
  const withLeader = (error: ClusterError): ClusterError =>
    error.code === 'NOT_LEADER' ? notLeader() : error;

  return {
    openSession(peer, link) {
      if (!dispatcher.isRunning) throw notLeader();
      return dispatcher.openSession(peer, {
        send: (message) => link.send(message),
        close: (error) => link.close(withLeader(error)),
      });
    },

    session(request: AsyncIterable<AgentMessage>, context: CallContext) {
      const nodeId = nodeIdOf(context);
      if (!dispatcher.isRunning) throw notLeader();
      const out = new Channel<ManagerMessage>(sessionQueueMax);
      const link: SessionLink = {
        send(message) {
          if (out.tryPush(message) || out.isClosed) return;
          out.abort(
            new ClusterError(
              'LIMIT_EXCEEDED',
              `the agent fell behind by ${sessionQueueMax} messages: open a new session`,
            ),
          );
        },
        close: (error) => out.end(withLeader(error)),
      };
      const session = dispatcher.openSession({ nodeId, address: context.address }, link);
      out.onClose(() => session.closed());
      abortWith(context.signal, out as Channel<never>);
      void (async () => {
        try {
          for await (const message of request) session.receive(message);
          out.end();
        } catch (error) {
          out.abort(error);
        }
      })();
      return out;
    },

    work(request, context) {
      nodeIdOf(context);
      if (!dispatcher.isRunning) throw notLeader();
      return work.handle(request, context);
    },
  };
}
