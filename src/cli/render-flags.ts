/** `check --helm` and `--kustomize`: which inputs another program renders, loaded only if it is used. */
import type { Config } from '../config/config.ts';
import { isUrl } from '../render/helm-settings.ts';
import { realPath } from '../files/revision/paths.ts';
import type { Rendering } from '../files/revision/units.ts';
import type { BuildKustomizations, RenderCharts } from '../files/rendered-inputs.ts';

export interface RenderFlags {
  readonly helm?: boolean | undefined;
  readonly helmValues?: readonly string[] | undefined;
  readonly helmSet?: readonly string[] | undefined;
  readonly kustomize?: boolean | undefined;
  readonly strict?: boolean | undefined;
}

interface Renderers {
  readonly renderCharts: RenderCharts | undefined;
  readonly buildKustomizations: BuildKustomizations | undefined;
}

/** The flags as they are typed, for a command that renders the same. */
export function renderArguments({
  helm = false,
  helmValues = [],
  helmSet = [],
  kustomize = false,
}: RenderFlags): readonly string[] {
  return [
    ...(helm && helmValues.length + helmSet.length === 0 ? ['--helm'] : []),
    ...helmValues.flatMap((file) => ['--helm-values', file]),
    ...helmSet.flatMap((assignment) => ['--helm-set', assignment]),
    ...(kustomize ? ['--kustomize'] : []),
  ];
}

type RenderConfig = Pick<Config, 'helmSets' | 'env'>;

/** Returns how `--since` renders the old files; undefined: nothing is rendered. */
export function oldRendering(config: RenderConfig, flags: RenderFlags): Rendering | undefined {
  const { helm = false, kustomize = false, helmValues = [] } = flags;
  if (!helm && !kustomize) return undefined;
  const own = helmValues.filter((file) => !isUrl(file)).map(realPath);
  const configured = config.helmSets.flatMap((set) => set.values.filter((file) => !isUrl(file)).map(realPath));
  return {
    rendersCharts: helm,
    values: [...own, ...configured],
    at: async ({ chart, values }) => {
      const moved = (file: string): string => (isUrl(file) ? file : values(realPath(file)));
      const helmSets = config.helmSets.map((set) => ({
        ...set,
        chart: chart(set.chart),
        values: set.values.map(moved),
      }));
      return renderers({ ...config, helmSets }, { ...flags, helmValues: helmValues.map(moved), strict: true });
    },
  };
}

export async function renderers(config: RenderConfig, flags: RenderFlags): Promise<Renderers> {
  return { renderCharts: await chartRenderer(config, flags), buildKustomizations: await kustomizations(config, flags) };
}

async function kustomizations(
  { env }: RenderConfig,
  { kustomize = false, strict = false }: RenderFlags,
): Promise<BuildKustomizations | undefined> {
  if (!kustomize) return undefined;
  const { kustomizationBuilder } = await import('../render/kustomize.ts');
  return kustomizationBuilder(env, strict);
}

async function chartRenderer(
  { helmSets, env }: RenderConfig,
  { helm = false, helmValues, helmSet }: RenderFlags,
): Promise<RenderCharts | undefined> {
  if (!helm) return undefined;
  const { renderCharts } = await import('../render/helm.ts');
  const flags = { values: helmValues ?? [], set: helmSet ?? [] };
  return (directories, options) => renderCharts(directories, options, { configured: helmSets, flags, env });
}
