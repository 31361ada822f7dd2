/** Talking to an `nft` that stays, in a network namespace of its own. */
import test from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { asLine, complaints, NftConversation } from '#agent/mesh/nft-conversation-node';
import { run } from '#test/_support/command';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';

const deadlineMs = 20_000;
const nft = (...args: string[]) => run(['/usr/sbin/nft', ...args]);
const elements = async (): Promise<readonly string[]> =>
  [...(await nft('list', 'set', 'inet', 'talk', 's')).matchAll(/10\.\d+\.\d+\.\d+/g)].map(
    ([address]) => address,
  );

/** The children of this process that are nft. */
const talkers = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, name, , parent] =
          /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return name === 'nft' && Number(parent) === process.pid;
      } catch {
        return false;
      }
    });

test('a transaction is one line', (t) => {
  const text = `table inet x {
  chain c {
    type filter hook input priority 0; policy accept;
    ip saddr 10.0.0.1 drop
  }
}
add element inet x s { 10.0.0.1, 10.0.0.2 }
`;
  t.is(
    asLine(text).replaceAll(/;+/g, ';'),
    'table inet x { chain c { type filter hook input priority 0; policy accept; ip saddr 10.0.0.1 drop; }; }; add element inet x s { 10.0.0.1, 10.0.0.2 }; ',
  );
});

test('what nft says is a refusal when there is an error in it', (t) => {
  const warning = 'Warning: chain c is old\nadd rule x c drop\n           ^\n';
  const error =
    'Error: Could not process rule: Device busy\ndelete chain x c; \n               ^\n';
  t.is(complaints(warning), '');
  t.is(complaints(error), 'Error: Could not process rule: Device busy: c');
  t.is(complaints(warning + error), complaints(error));
  const cache = 'netlink: Error: cache initialization failed: Protocol error\n';
  t.is(complaints(cache), cache.trim());
});

if (runsInOwnNamespaces(test, import.meta.url, 'ava.config.js')) {
  const conversation = new NftConversation();
  const say = (text: string) => conversation.say(asLine(text), deadlineMs);

  test.serial('a transaction is done whole, or not at all and says why', async (t) => {
    const table = 'table inet talk {\n  set s {\n    type ipv4_addr\n  }\n}\n';
    t.is(await say(`${table}add element inet talk s { 10.0.0.1 }\n`), '');
    t.deepEqual(await elements(), ['10.0.0.1']);
    const said = await say(
      'add element inet talk s { 10.0.0.2 }\ndelete element inet talk s { 10.0.0.9 }\n',
    );
    t.is(said, 'Error: Could not process rule: No such file or directory: 10.0.0.9');
    t.regex((await say('nonsense\n')) ?? '', /syntax error/);
    t.deepEqual(await elements(), ['10.0.0.1']);
    t.is(await say('add element inet talk s { 10.0.0.3 }\n'), '');
    t.deepEqual(await elements(), ['10.0.0.1', '10.0.0.3']);
    t.is(talkers().length, 1);
  });

  test.serial('what another program changes is known by the next transaction', async (t) => {
    await nft('delete', 'element', 'inet', 'talk', 's', '{', '10.0.0.3', '}');
    t.is(await say('add element inet talk s { 10.0.0.4 }\n'), '');
    await nft('flush', 'ruleset');
    t.regex((await say('add element inet talk s { 10.0.0.5 }\n')) ?? '', /No such file/);
    t.is(await say('table inet talk {\n  set s {\n    type ipv4_addr\n  }\n}\n'), '');
    t.is(await say('add element inet talk s { 10.0.0.5 }\n'), '');
    t.deepEqual(await elements(), ['10.0.0.5']);
  });

  test.serial('one that was killed is followed by another', async (t) => {
    const [first] = talkers();
    t.truthy(first);
    process.kill(first ?? 0, 'SIGSTOP');
    const slow = conversation.say('add element inet talk s { 10.0.0.6 }', 300);
    const next = conversation.say('add element inet talk s { 10.0.0.7 }', deadlineMs);
    await t.throwsAsync(slow, { code: 'DEADLINE_EXCEEDED' });
    t.is(await next, '');
    const [second] = talkers().filter((pid) => pid !== first);
    process.kill(second ?? 0, 'SIGKILL');
    const outcomes = await Promise.allSettled([
      conversation.say('add element inet talk s { 10.0.0.8 }', deadlineMs),
      conversation.say('add element inet talk s { 10.0.0.9 }', deadlineMs),
    ]);
    // The first may have been said to the one that was just killed.
    t.is(outcomes[1].status === 'fulfilled' ? outcomes[1].value : outcomes[1].status, '');
    t.true((await elements()).includes('10.0.0.9'));
  });

  test.serial('it is one of many lines at most', async (t) => {
    const before = talkers();
    for (let i = 0; i < 1_100; i++)
      t.is(
        await conversation.say(`add element inet talk s { 10.1.${i % 9}.${i % 200} }`, 20_000),
        '',
      );
    t.not(talkers().at(-1), before.at(-1));
  });

  test.serial('without an nft that talks there is no answer', async (t) => {
    for (const enter of [['env', 'PATH=/nowhere'], ['/bin/true'], ['/no/such/program']]) {
      const reasons: string[] = [];
      const mute = new NftConversation(enter, (reason) => reasons.push(reason));
      t.is(await mute.say('add table inet never', deadlineMs), undefined);
      t.is(await mute.say('add table inet never', deadlineMs), undefined);
      t.is(reasons.length, 1);
      t.regex(reasons[0] ?? '', /^nft -i (?:ended|cannot be run)/);
    }
    t.notRegex(await nft('list', 'tables'), /never/);
  });
}
