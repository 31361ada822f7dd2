/** An archive's files as the planner looks at them: by path, through links. */
import { digestOf } from './archive-node.ts';
import type { ArchiveContents } from './archive-node.ts';
import type { ArchiveView } from './archive-images.ts';

/** Links are followed at most eight times. */
export function viewOf(contents: ArchiveContents): ArchiveView {
  return {
    digestOf,
    file(path) {
      let at = path;
      for (let hops = 0; hops < 8; hops++) at = contents.links.get(at) ?? at;
      const bytes = contents.documents.get(at);
      if (bytes !== undefined)
        return { digest: digestOf(bytes), sizeBytes: bytes.length, isGzip: false, bytes };
      const stored = contents.blobs.get(at);
      return stored === undefined ? undefined : { ...stored, bytes: undefined };
    },
  };
}
