import { ControlService, NetworkDriver, NetworkSpec } from '#proto';
import type { SubnetConfig } from '#proto';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseLabel, splitPair } from '../parse/key-value.ts';
import { parseWord } from '../parse/words.ts';

interface Options {
  readonly driver?: string;
  readonly subnet?: readonly string[];
  readonly gateway?: readonly string[];
  readonly ipRange?: readonly string[];
  readonly ipv6?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly isolated?: boolean;
  readonly opt?: readonly string[];
  readonly label?: readonly string[];
}

const drivers = { overlay: NetworkDriver.OVERLAY, bridge: NetworkDriver.BRIDGE };
const dockerMtu = 'com.docker.network.driver.mtu';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Make a network. What no flag says the cluster chooses.')
      .argument('<NAME>', 'what services call it')
      .option('-d, --driver <driver>', 'overlay (across nodes) or bridge (default overlay)')
      .option('--subnet <cidr>', 'its addresses; one of IPv4 and one of IPv6', collect)
      .option('--gateway <address>', 'of the subnet (default: the first address)', collect)
      .option('--ip-range <cidr>', 'part of the subnet that tasks get addresses of', collect)
      .option('--ipv6', 'IPv6 beside IPv4')
      .option('--internal', 'no way to the outside')
      .option('--attachable', 'also for containers that are no tasks')
      .option(
        '--isolated',
        'tasks reach only services that allow them (service create --allow-from)',
      )
      .option('-o, --opt <key=value>', 'mtu=N; encrypted: packets between nodes', collect)
      .option('--label <key=value>', 'label of the network (repeatable)', collect);
    addExamples(command, [
      'tsctl network create backend',
      'tsctl network create --subnet 10.1.0.0/24 --gateway 10.1.0.254 --opt encrypted db',
      'tsctl network create --ipv6 --internal --label tier=front web',
      'tsctl network create --isolated payments',
    ]);
    command.action(async (name: string, options: Options) => {
      const spec = specOf(name, options);
      const connection = await cli.connect();
      const answer = await connection.call(ControlService.createNetwork, { spec });
      for (const warning of answer.warnings) cli.terminal.err(`tsctl: warning: ${warning}\n`);
      cli.terminal.out(`${answer.network?.id ?? ''}\n`);
    });
  },
};

function specOf(name: string, options: Options): NetworkSpec {
  let mtu = 0;
  let isEncrypted = false;
  for (const text of options.opt ?? []) {
    const [key, value] = splitPair(text);
    if (key === 'mtu' || key === dockerMtu) mtu = parseInteger('--opt mtu', value, 0, 65_535);
    else if (key === 'encrypted') isEncrypted = value !== 'false';
    else throw new UsageError(`--opt '${text}': use mtu=N or encrypted`);
  }
  const labels = (options.label ?? []).map((text) => parseLabel('--label', text));
  return NetworkSpec.create({
    name,
    labels: Object.fromEntries(labels),
    driver: parseWord('--driver', options.driver ?? 'overlay', drivers),
    subnets: subnetsOf(options),
    isIpv6: options.ipv6 === true,
    isInternal: options.internal === true,
    isAttachable: options.attachable === true,
    isEncrypted,
    isIsolated: options.isolated === true,
    mtu,
  });
}

const familyOf = (text: string): 4 | 6 => (text.includes(':') ? 6 : 4);

/** Gateways and ranges go with the subnet of their family, whatever the order of the flags. */
function subnetsOf(options: Options): readonly SubnetConfig[] {
  const { subnet: subnets = [], gateway: gateways = [], ipRange: ranges = [] } = options;
  const find = (flag: string, list: readonly string[], family: 4 | 6): string => {
    const found = list.filter((text) => familyOf(text) === family);
    if (found.length > 1)
      throw new UsageError(`${flag} is given twice for IPv${family}: ${found.join(', ')}`);
    return found[0] ?? '';
  };
  return ([4, 6] as const).flatMap((family) => {
    const config = {
      subnet: find('--subnet', subnets, family),
      gateway: find('--gateway', gateways, family),
      ipRange: find('--ip-range', ranges, family),
    };
    return Object.values(config).every((text) => text === '') ? [] : [config];
  });
}
