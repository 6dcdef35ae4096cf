/** `tidewaiter manifests replay-job`: an Indexed Job for `replay`. */
import { UserError } from '../../error/user-error.ts';
import { replayJob, type ReplayJobOptions } from '../../install/replay-job.ts';
import { yamlDocuments } from '../../install/yaml.ts';
import { VERSION } from '../../version.ts';
import { compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import type { Terminal } from '../terminal.ts';
import type { TimeFlag } from '../recorded/time-flag.ts';
import { policyData, requireNamed } from './derived-options.ts';
import { DEFAULT_IMAGE } from './manifests.ts';
import { pluginFiles } from './plugin-files.ts';
import { sharedSettings } from './shared-settings.ts';

export interface ReplayJobFlags extends Pick<
  ReplayJobOptions,
  'name' | 'namespace' | 'shards' | 'recordings' | 'results'
> {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly against?: readonly string[] | undefined;
  readonly image?: string | undefined;
  readonly only?: readonly string[] | undefined;
  readonly since?: TimeFlag | undefined;
  readonly until?: TimeFlag | undefined;
}

/** The keys of the configuration that decisions depend on, apart from policies and plugins. */
const DECIDING: ReadonlySet<string> = new Set(['kinds', 'pluginTimeoutMs']);

export async function printReplayJob(flags: ReplayJobFlags, terminal: Terminal): Promise<number> {
  const { config: file, policy, plugin, against, image = DEFAULT_IMAGE, only, since, until, ...rest } = flags;
  requireNamed([...(policy ?? []), ...(against ?? [])]);
  if (rest.recordings === rest.results)
    throw new UserError(
      '--results: use another PersistentVolumeClaim than that of --recordings, which is mounted read-only',
    );
  const { config, settings } = await configured({ config: file, policy, plugin }, terminal);
  const first = await compose(config);
  const planned = against && { ...config, policies: against, originOf: () => ' (set by --against)' };
  // An invalid policy must not fail in all Pods.
  const other = planned && (await compose(planned, { rules: first.rules }));
  const objects = replayJob({
    ...rest,
    image,
    options: [...(only ?? []).flatMap((name) => ['--only', name]), ...timeArguments({ since, until })],
    policies: await policyData(config.policies),
    against: against && (await policyData(against)),
    plugins: await pluginFiles(config.plugins),
    settings: sharedSettings(settings.filter(({ key }) => DECIDING.has(key))),
  });
  const sides = other === undefined ? first.policySource : `${first.policySource}, and ${other.policySource}`;
  terminal.out(`# tidewaiter ${VERSION}, a replay with the policies: ${sides}\n${yamlDocuments(objects)}`);
  return 0;
}

/** As times, because the Pods start later than this command. */
function timeArguments(times: Pick<ReplayJobFlags, 'since' | 'until'>): readonly string[] {
  return (['since', 'until'] as const).flatMap((name) => {
    const flag = times[name];
    return flag === undefined ? [] : [`--${name}`, new Date(flag.time).toISOString()];
  });
}
