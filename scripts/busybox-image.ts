/** The image of the demo and the tests: the machine's own static busybox and a small web server. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ImageSource, LayerEntry } from './image-archive.ts';

const web = `#!/bin/sh
# Answers every request with the name of the host it runs on.
mkdir -p /tmp/www
hostname > /tmp/www/index.html
exec httpd -f -p "\${PORT:-80}" -h /tmp/www
`;

function applets(busybox: string): readonly string[] {
  return execFileSync(busybox, ['--list'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name !== '' && name !== 'busybox');
}

/** `busybox`: path of a statically linked busybox. Command: sh; \`web\` serves the host name. */
export function busyboxImage(
  names: readonly string[],
  config: Readonly<Record<string, unknown>> = {},
  busybox = '/bin/busybox',
): ImageSource {
  const directory = (path: string, mode = 0o755): LayerEntry => ({ kind: 'directory', path, mode });
  const layer: readonly LayerEntry[] = [
    ...['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'usr', 'var', 'www'].map((path) =>
      directory(path),
    ),
    directory('tmp', 0o1777),
    directory('home/app'),
    { kind: 'symlink', path: 'sbin', target: 'bin' },
    { kind: 'symlink', path: 'usr/bin', target: '../bin' },
    { kind: 'symlink', path: 'usr/sbin', target: '../bin' },
    { kind: 'file', path: 'bin/busybox', content: readFileSync(busybox), mode: 0o755 },
    ...applets(busybox).map(
      (name): LayerEntry => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' }),
    ),
    { kind: 'file', path: 'bin/web', content: web, mode: 0o755 },
    {
      kind: 'file',
      path: 'etc/passwd',
      content:
        'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n' +
        'nobody:x:65534:65534:nobody:/:/bin/false\n',
    },
    {
      kind: 'file',
      path: 'etc/group',
      content: 'root:x:0:\napp:x:1000:\nextra:x:1001:app\nnogroup:x:65534:\n',
    },
  ];
  return {
    names,
    layers: [layer],
    config: { Cmd: ['sh'], Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], ...config },
  };
}
