/**
 * Thousands of lean agents in a process of their own, a child of the benchmark: joins them one by one with the
 * worker token, as hosts join, then opens their sessions when it is told to.
 */
import { anonymousClient } from '#daemon/channels-node';
import { makeKeyAndRequest } from '#manager/ca/certificates-node';
import { CertificateAuthorityService, GetRootCertificateRequest } from '#proto';
import { IssueCertificateRequest } from '#proto';
import { callUnary } from '#proto/rpc';
import { FleetCounts, LeanAgent } from './lean-agent.ts';
import type { LeanIdentity } from './lean-agent.ts';

export interface FleetCommand {
  readonly kind: 'join' | 'open' | 'close';
  readonly port: number;
  readonly token: string;
  readonly count: number;
}

export interface FleetReport {
  readonly joined: number;
  readonly counts: FleetCounts;
}

/** What a manager lets one stranger have open at once. */
const joinsInFlight = 16;
/** Handshakes on their way at once. */
const opensInFlight = 200;
const reportPeriodMs = 50;
const callDeadlineMs = 60_000;

const identities: LeanIdentity[] = [];
const agents: LeanAgent[] = [];
const counts = new FleetCounts();
let rootPem: Uint8Array = new Uint8Array(0);

async function join({ port, token, count }: FleetCommand): Promise<void> {
  const client = anonymousClient(`127.0.0.1:${port}`, undefined);
  const root = GetRootCertificateRequest.create();
  const limits = { deadlineMs: callDeadlineMs };
  const answer = await callUnary(
    client,
    CertificateAuthorityService.getRootCertificate,
    root,
    limits,
  );
  rootPem = answer.certificatePem;
  let next = 0;
  const one = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) {
      const hostname = `agent-${String(number).padStart(5, '0')}`;
      const { keyPem, csrDer } = await makeKeyAndRequest();
      const request = IssueCertificateRequest.create({ token, csrDer, hostname });
      const { certificatePem } = await callUnary(
        client,
        CertificateAuthorityService.issueCertificate,
        request,
        limits,
      );
      identities.push({ hostname, keyPem, certificatePem });
    }
  };
  await Promise.all(Array.from({ length: joinsInFlight }, one));
  client.close();
}

async function open({ port }: FleetCommand): Promise<void> {
  for (const identity of identities) {
    while (agents.length - counts.sessions >= opensInFlight)
      await new Promise((resolve) => setTimeout(resolve, 5));
    agents.push(new LeanAgent(port, rootPem, identity, counts));
  }
}

process.on('message', (command: FleetCommand) => {
  if (command.kind === 'close') process.exit(0);
  const work = command.kind === 'join' ? join(command) : open(command);
  work.catch((error: unknown) => {
    console.error('fleet:', error);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
setInterval(() => {
  const report: FleetReport = { joined: identities.length, counts };
  process.send?.(report);
}, reportPeriodMs);
