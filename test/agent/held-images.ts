import test from 'ava';
import { silentLogger } from '#lib';
import { ImageInfo } from '#proto';
import type { AgentMessage, HeldImages } from '#proto';
import { HeldImagesTeller, heldImagesOf } from '#agent/held-images';
import { VirtualClock } from '#test/_support/virtual-clock';

const image = (name: string, sizeBytes: number): ImageInfo =>
  ImageInfo.create({ names: [name], sizeBytes });

interface Told {
  readonly clock: VirtualClock;
  readonly teller: HeldImagesTeller;
  readonly sent: HeldImages[];
  images: readonly ImageInfo[] | Error;
  isUp: boolean;
}

function world(): Told {
  const clock = new VirtualClock();
  const sent: HeldImages[] = [];
  const teller = new HeldImagesTeller({
    clock,
    log: silentLogger,
    list: () =>
      own.images instanceof Error ? Promise.reject(own.images) : Promise.resolve(own.images),
    send: ({ body }: AgentMessage) => {
      if (own.isUp && body?.kind === 'images') sent.push(body.images);
      return own.isUp;
    },
  });
  const own: Told = { clock, teller, sent, images: [image('web:1', 5)], isUp: true };
  return own;
}

const names = ({ sent }: Told): readonly (readonly string[])[] =>
  sent.map(({ images }) => images.flatMap((one) => one.names));

test('images are told once a session, and again only when they have changed', async (t) => {
  const own = world();
  own.teller.sessionOpened();
  await own.clock.advance(300_000);
  t.deepEqual(names(own), [['web:1']]);
  own.images = [image('web:1', 5), image('db:2', 7)];
  await own.clock.advance(60_000);
  t.deepEqual(names(own).at(-1), ['db:2', 'web:1']);
  own.teller.sessionOpened();
  await own.clock.advance(5_000);
  t.is(own.sent.length, 3);
  own.teller.stop();
  own.images = [];
  await own.clock.advance(300_000);
  t.is(own.sent.length, 3);
});

test('what could not be listed or sent is told at a later look', async (t) => {
  const own = world();
  own.images = new Error('containerd is away');
  own.teller.sessionOpened();
  await own.clock.advance(5_000);
  own.images = [image('web:1', 5)];
  own.isUp = false;
  await own.clock.advance(60_000);
  t.is(own.sent.length, 0);
  own.isUp = true;
  await own.clock.advance(60_000);
  t.deepEqual(names(own), [['web:1']]);
});

test('of more than 200 images the largest are told', (t) => {
  const many = Array.from({ length: 300 }, (_, at) => image(`i${at}`, at));
  const { images } = heldImagesOf(many);
  t.is(images.length, 200);
  t.is(images[0]?.sizeBytes, 299);
  t.is(images.at(-1)?.sizeBytes, 100);
});
