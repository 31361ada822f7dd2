import type { WatchEvent, WatchResponse } from '#proto';

/**
 * The messages of one stream of Control.Watch with the parts of a snapshot or of a commit put
 * together. What is cut off in the middle is left out: whoever goes on from the last version that
 * came out of here hears it again as a whole.
 */
export async function* wholeCommits(
  messages: AsyncIterable<WatchResponse>,
): AsyncGenerator<WatchResponse> {
  let events: WatchEvent[] = [];
  for await (const message of messages) {
    events.push(...message.events);
    if (message.hasMore) continue;
    yield { ...message, events };
    events = [];
  }
}
