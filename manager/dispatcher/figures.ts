import type { Counter, Gauge, Metrics } from '#lib';

/** What the dispatcher counts. */
export interface DispatcherFigures {
  readonly sessions: Gauge;
  readonly heartbeats: Counter;
  /** By reason. */
  readonly refused: Counter;
}

export function dispatcherFigures(metrics: Metrics): DispatcherFigures {
  return {
    sessions: metrics.gauge(
      'tessera_dispatcher_sessions',
      'Agents that are registered with this manager.',
    ),
    heartbeats: metrics.counter('tessera_dispatcher_heartbeats_total', 'Heartbeats of agents.'),
    refused: metrics.counter(
      'tessera_dispatcher_refused_total',
      'Reports, registrations and calls of agents that were refused.',
      ['reason'],
    ),
  };
}
