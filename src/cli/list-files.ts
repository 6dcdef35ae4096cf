/** `tidewaiter check --list-files`: prints which files are read, and why the others are not. */
import type { Config } from '../config/config.ts';
import { type ListedFile, loadManifests } from '../files/manifests.ts';
import { SKIP_REASONS } from '../files/skipped-files.ts';
import { fileText } from '../files/location-text.ts';
import { paint } from '../report/paint.ts';
import { type ForeignFlags, type IgnoreFlags, rulesFor, skipForeign } from './input-files.ts';
import { type RenderFlags, renderers } from './render-flags.ts';
import { print, type Terminal } from './terminal.ts';

export interface ListFlags extends IgnoreFlags, ForeignFlags, RenderFlags {
  readonly output: string;
}

export async function listFiles(
  paths: readonly string[],
  { flags, config }: { readonly flags: ListFlags; readonly config: Config },
  terminal: Terminal,
): Promise<number> {
  const { listed, errors } = await loadManifests(paths, {
    kinds: config.kinds,
    namespace: 'default',
    stdin: terminal.input(),
    skipForeign: skipForeign(flags),
    imageFiles: true,
    findCharts: true,
    ...(await renderers(config, flags)),
    rulesFor: await rulesFor(config, flags),
  });
  const failed = new Set(errors.map(({ file }) => file));
  const rows = listed.map((one) => ({ ...one, state: stateOf(one, { failed, isRendered: flags.helm === true }) }));
  if (flags.output === 'json') {
    const files = rows.map(({ path, state, skipped = null }) => ({ path, state, reason: skipped }));
    print({ out: `${JSON.stringify({ version: 1, files }, null, 2)}\n` }, terminal);
    return 0;
  }
  const ink = paint(terminal.colors);
  const lines = rows.map(({ path, state, skipped }) => {
    const text = `${state.padEnd('skipped'.length)}  ${fileText(path)}`;
    return skipped === undefined ? text : ink.dim(`${text}  ${SKIP_REASONS[skipped]}`);
  });
  print({ out: lines.map((line) => `${line}\n`).join('') }, terminal);
  return 0;
}

interface Listing {
  /** The files with errors. */
  readonly failed: ReadonlySet<string>;
  /** Charts are rendered, so that Helm reads their parts. */
  readonly isRendered: boolean;
}

function stateOf({ path, skipped }: ListedFile, { failed, isRendered }: Listing): 'read' | 'error' | 'skipped' {
  if (failed.has(path)) return 'error';
  return skipped === undefined || (isRendered && skipped === 'part') ? 'read' : 'skipped';
}
