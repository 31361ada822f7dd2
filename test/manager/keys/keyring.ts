import test from 'ava';
import { seededRandom } from '#lib';
import { formatUnlockKey, newUnlockKey, parseUnlockKey } from '#manager/keys/unlock-key';
import { Keyring } from '#manager/keys/keyring-node';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Where the keys are stored; counts, and can fail. */
class Shelf {
  file: Uint8Array = new Uint8Array(0);
  saves = 0;
  isBroken = false;
  readonly random = seededRandom(7);

  readonly save = async (content: Uint8Array): Promise<void> => {
    if (this.isBroken) throw new Error('EIO');
    this.saves++;
    this.file = content.slice();
  };

  create(unlockKey?: Uint8Array): Promise<Keyring> {
    const lock = unlockKey === undefined ? undefined : { unlockKey, version: 1 };
    return Keyring.create(this.random, this.save, lock);
  }

  open(unlockKey?: Uint8Array): Keyring | undefined {
    return Keyring.open(this.file, this.random, this.save, unlockKey);
  }

  get text(): string {
    return new TextDecoder().decode(this.file);
  }
}

test('an unlock key is read as it was written', (t) => {
  const random = seededRandom(1);
  for (let i = 0; i < 200; i++) {
    const key = newUnlockKey(random);
    const text = formatUnlockKey(key);
    t.regex(text, /^TSKEY-1-[a-z2-7]{52}$/);
    t.deepEqual(parseUnlockKey(` ${text}\n`), key);
  }
});

test('what is no unlock key is refused, and never repeated', (t) => {
  const good = formatUnlockKey(newUnlockKey(seededRandom(1)));
  const wrong = [
    '',
    'TSKEY-1-',
    good.slice(0, -1),
    `${good}a`,
    good.replace('TSKEY-1', 'SWMKEY-1'),
  ];
  // The last character holds four bits that say nothing and must be 0.
  for (const text of [...wrong, `TSKEY-1-${'a'.repeat(51)}b`]) {
    const error = t.throws(() => parseUnlockKey(text), { code: 'INVALID_KEY' });
    t.regex(error.message, /could not be unlocked: invalid key provided/);
    if (text.length > 8) t.false(error.message.includes(text));
  }
});

test('keys that are not locked open by themselves, locked ones by their key only', async (t) => {
  const shelf = new Shelf();
  const open = await shelf.create();
  const sealed = open.seal('test', bytes('secret'));
  t.deepEqual(shelf.open()?.unseal('test', sealed), bytes('secret'));
  t.is(shelf.open()?.unseal('other', sealed), undefined);
  const key = newUnlockKey(shelf.random);
  await open.relock(key, 1);
  t.is(shelf.open(), undefined);
  t.throws(() => shelf.open(newUnlockKey(shelf.random)), { code: 'INVALID_KEY' });
  t.deepEqual(shelf.open(key)?.unseal('test', sealed), bytes('secret'));
  t.true(shelf.open(key)?.isLocked);
  await open.relock(undefined, 2);
  t.deepEqual(shelf.open()?.unseal('test', sealed), bytes('secret'));
  t.is(shelf.open()?.lockVersion, 2);
});

test('keys can be locked from the start', async (t) => {
  const shelf = new Shelf();
  const key = newUnlockKey(shelf.random);
  const keyring = await shelf.create(key);
  t.is(shelf.saves, 1);
  t.is(shelf.open(), undefined);
  t.is(shelf.open(key)?.cipher.keyId, keyring.cipher.keyId);
});

test('locking takes a new data key; the old one goes only when it is dropped', async (t) => {
  const shelf = new Shelf();
  const keyring = await shelf.create();
  const before = keyring.seal('test', bytes('before'));
  const keyId = keyring.cipher.keyId;
  const key = newUnlockKey(shelf.random);
  await keyring.relock(key, 1);
  t.not(keyring.cipher.keyId, keyId);
  t.true(keyring.isRotating);
  // As after a crash in between: both are there.
  const again = shelf.open(key);
  t.true(again?.isRotating);
  t.deepEqual(again?.unseal('test', before), bytes('before'));
  const after = keyring.seal('test', bytes('after'));
  await keyring.dropOld();
  t.false(shelf.open(key)?.isRotating);
  t.is(shelf.open(key)?.unseal('test', before), undefined);
  t.deepEqual(shelf.open(key)?.unseal('test', after), bytes('after'));
});

test('a key that could not be stored is not used', async (t) => {
  const shelf = new Shelf();
  const keyring = await shelf.create();
  const { keyId } = keyring.cipher;
  shelf.isBroken = true;
  await t.throwsAsync(keyring.relock(newUnlockKey(shelf.random), 1), { message: 'EIO' });
  t.is(keyring.cipher.keyId, keyId);
  t.false(keyring.isLocked);
  t.is(shelf.open()?.cipher.keyId, keyId);
});

test('a damaged file is told as that, not as a wrong key', async (t) => {
  const shelf = new Shelf();
  await shelf.create();
  const whole = shelf.file;
  for (const cut of [0, 1, 40, whole.length - 4]) {
    shelf.file = whole.slice(0, cut);
    t.throws(() => shelf.open(), { code: 'DATA_LOSS' }, `cut at ${cut}`);
  }
  shelf.file = bytes(
    new TextDecoder().decode(whole).replace(/"keyKey": "....../, '"keyKey": "AAAAAA'),
  );
  t.throws(() => shelf.open(), { code: 'DATA_LOSS' });
});

test('the stored form of locked keys holds neither the unlock key nor a data key', async (t) => {
  const shelf = new Shelf();
  const key = newUnlockKey(shelf.random);
  const keyring = await shelf.create();
  const plain = /"keyKey": "([^"]+)"/.exec(shelf.text)?.[1];
  t.truthy(plain);
  await keyring.relock(key, 1);
  t.false(shelf.text.includes(plain ?? ''));
  t.false(shelf.text.includes(key.toBase64()));
  t.notRegex(shelf.text, /keyKey/);
});
