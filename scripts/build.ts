/**
 * `make build`: bundles tsctl and tesserad into build/, split so that a command loads only what it
 * needs. The launchers in bin/ take a bundle when it is there; `make clean` goes back to the sources.
 * Usage: build.ts [DIRECTORY]; it must be inside the project, whose packages a bundle may still load.
 */
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { project, requireNode, secondsSince } from './steps.ts';

/** CommonJS packages look for `require`, which a module has not. */
const banner = `import { createRequire as tesseraRequire } from 'node:module';
const require = tesseraRequire(import.meta.url);`;

const target = resolve(project, process.argv[2] ?? 'build');

async function bundle(name: string, entry: string): Promise<void> {
  const startedAt = performance.now();
  const final = join(target, name);
  const outdir = `${final}.new`;
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: project,
    entryPoints: { main: entry },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // The packages' module form first: a CommonJS one has no named exports once bundled.
    mainFields: ['module', 'main'],
    target: 'node26',
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: banner },
    logLevel: 'warning',
  });
  const files = readdirSync(outdir).map((file) => statSync(join(outdir, file)).size);
  const kilobytes = Math.round(files.reduce((sum, size) => sum + size, 0) / 1000);
  rmSync(final, { recursive: true, force: true });
  renameSync(outdir, final);
  console.log(
    `build: ${relative(project, final)}: ${files.length} files, ${kilobytes} kB (${secondsSince(startedAt)})`,
  );
}

requireNode();
await bundle('tsctl', 'cli/main.ts');
await bundle('tesserad', 'daemon/main.ts');
