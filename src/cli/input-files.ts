/** Which files of directories commands leave out, and which are errors. */
import path from 'node:path';
import { checkConfigText, type Config, DEFAULT_CONFIG_FILE } from '../config/config.ts';
import type { SkipForeign } from '../files/foreign-files.ts';
import type { ConfiguredIgnore } from '../files/revision/ignored-then.ts';
import { realPath } from '../files/revision/paths.ts';
import type { LoadOptions } from '../files/input-texts.ts';

export interface IgnoreFlags {
  /** false: --no-ignore. */
  readonly ignore?: boolean | undefined;
}

export interface ForeignFlags {
  readonly strict?: boolean | undefined;
  readonly skipForeign?: boolean | undefined;
}

export async function rulesFor(config: Config, { ignore = true }: IgnoreFlags): Promise<LoadOptions['rulesFor']> {
  if (!ignore) return undefined;
  const { ignoreRules } = await import('../files/ignore-rules.ts');
  return (directory) => ignoreRules(directory, config.ignored);
}

/** The key `ignore` in other texts of the configuration file. */
export function configuredIgnore({ env }: Config, { config }: OwnFlags): ConfiguredIgnore {
  const file = realPath(configPath(env, config));
  return {
    file,
    patternsIn(text) {
      const patterns = checkConfigText(text, file).values.get('ignore');
      return { directory: path.dirname(file), patterns: Array.isArray(patterns) ? patterns.map(String) : [] };
    },
  };
}

function configPath(env: Config['env'], flag: string | undefined): string {
  return flag ?? (env['TIDEWAITER_CONFIG'] || DEFAULT_CONFIG_FILE);
}

interface OwnFlags {
  readonly config?: string | undefined;
  readonly baseline?: string | undefined;
  readonly writeBaseline?: string | undefined;
  readonly lock?: string | undefined;
  readonly helmValues?: readonly string[] | undefined;
  readonly report?: readonly { readonly file: string }[] | undefined;
}

/** The files that `check` itself reads or writes. People keep them beside their manifests. */
export function ownFiles(flags: OwnFlags, { env, helmSets }: Config): ReadonlySet<string> {
  const { config, baseline, writeBaseline, lock, helmValues = [], report = [] } = flags;
  const files = [
    configPath(env, config),
    baseline,
    writeBaseline,
    lock,
    ...helmValues,
    ...helmSets.flatMap(({ values }) => values),
    ...report.map(({ file }) => file),
  ];
  return new Set(files.flatMap((file) => (file === undefined ? [] : [path.resolve(file)])));
}

export function skipForeign({ strict = false, skipForeign: always = false }: ForeignFlags): SkipForeign {
  if (strict) return 'never';
  return always ? 'always' : 'inDirectories';
}
