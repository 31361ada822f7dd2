/**
 * Moves tasks so that they lie better: on demand, or of its own accord when nodes became ready. The planning is the scheduler's;
 * a move is a replacement as in an update. Owns cluster.rebalance.
 */
export { gainWords, planMoves } from './plan-moves.ts';
export { Rebalancer } from './rebalancer.ts';
