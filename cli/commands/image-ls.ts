import { ClusterError } from '#lib';
import { ControlService, ImageInfo, toJson } from '#proto';
import type { NodeImages } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addListFlags, collect } from '../flags.ts';
import { printList } from '../output/list.ts';
import type { ListOptions } from '../output/list.ts';
import { humanBytes } from '../output/words.ts';

interface Options extends ListOptions {
  readonly node?: readonly string[];
  readonly trunc: boolean;
}

interface Row {
  readonly node: string;
  readonly name: string;
  readonly image: ImageInfo;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .option('--node <node>', 'only this node (repeatable)', collect)
      .option('--no-trunc', 'whole digests');
    addListFlags(command, ['tsctl image ls', 'tsctl image ls --node host2']);
    command.action(async (options: Options) => {
      const connection = await cli.connect();
      const { nodes } = await connection.call(ControlService.listImages, {
        nodeRefs: options.node ?? [],
      });
      printList(cli, options, {
        heads: ['NODE', 'IMAGE', 'DIGEST', 'SIZE'],
        items: nodes
          .toSorted((a, b) => a.nodeHostname.localeCompare(b.nodeHostname, 'en', { numeric: true }))
          .flatMap(rowsOf),
        row: ({ node, name, image }) => [
          node,
          name,
          options.trunc ? image.digest.replace(/^sha256:/, '').slice(0, 12) : image.digest,
          humanBytes(image.sizeBytes),
        ],
        id: ({ image }) => image.digest,
        name: ({ name }) => name,
        json: ({ node, image }) => ({ node, ...(toJson(ImageInfo, image) as object) }),
      });
      const failed = nodes.filter((node) => node.error !== '');
      if (failed.length > 0)
        throw new ClusterError(
          'UNAVAILABLE',
          failed.map((node) => `${node.nodeHostname || node.nodeId}: ${node.error}`).join('; '),
        );
    });
  },
};

function rowsOf(node: NodeImages): Row[] {
  return node.images
    .flatMap((image) => {
      const names = image.names.length > 0 ? image.names : ['<none>'];
      return names.map((name): Row => ({ node: node.nodeHostname || node.nodeId, name, image }));
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}
